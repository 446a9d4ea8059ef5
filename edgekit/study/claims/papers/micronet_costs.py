"""MicroNet: MACs that are published, and time beside MobileNetV3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgekit import models
from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_PUBLISHED_M = {"micronet-m0": 4, "micronet-m1": 6, "micronet-m2": 12, "micronet-m3": 21}
_SHAPE = (1, 3, 224, 224)


def _without_shift_max() -> nn.Module:
    """Return MicroNet-M0 with ReLU6 in place of each dynamic shift-max."""
    net = models.get("micronet-m0").build()
    for parent in list(net.modules()):
        for name, child in parent.named_children():
            if isinstance(child, layers.DynamicShiftMax):
                setattr(parent, name, layers.ReLU6())
    return net


_M0 = Specimen("micronet-m0")
_PLAIN = Specimen("micronet-m0-relu6", _without_shift_max, _SHAPE)
_V3_HALF = Specimen("pytorchcv:mobilenetv3_small_wd2")
_V3 = Specimen("mobilenet-v3-small-1.0")


def _published(_lab: Laboratory) -> Iterator[Measured]:
    for name, millions in _PUBLISHED_M.items():
        spec = models.get(name)
        counted = spec.macs_published_convention or spec.macs
        yield exact("MACs over published", f"{name}, shift-max counted", counted / 1e6 / millions)
        yield exact("plain MACs over published", name, spec.macs / 1e6 / millions)


def _shift_max(lab: Laboratory) -> Iterator[Measured]:
    macs = lab.cost(_M0).macs / lab.cost(_PLAIN).macs
    yield exact("MACs ratio", "micronet-m0 with and without", macs)
    for found in lab.ratios((_PLAIN, _M0), (_PLAIN.on("onnx"), _M0.on("onnx"))):
        yield found.measured("time ratio over MACs ratio", lambda r: r / macs)
        yield found.measured()


def _beside_v3(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios((_V3_HALF, Specimen("micronet-m2")), (_V3, Specimen("micronet-m3"))):
        yield found.measured()


def _rate(lab: Laboratory) -> Iterator[Measured]:
    base = Specimen("mobilenet-v1-0.25-128")
    macs = lab.cost(_M0).macs / lab.cost(base).macs
    for found in lab.ratios((base, _M0)):
        yield found.measured("MACs a second, ratio", lambda r: macs / r)


CLAIMS = (
    Claim(
        name="micronet-published-macs",
        paper=citations.MICRONET,
        where="tables of results on ImageNet; authors' README",
        statement="M0 to M3 cost 4, 6, 12 and 21 million multiply-adds",
        experiment="counts of micronet-m0 to -m3, with the multiplications of dynamic shift-max",
        kind="exact",
        bars=(Bar("MACs over published", 0.93, 1.07),),
        measure=_published,
    ),
    Claim(
        name="dynamic-shift-max-costs-time",
        paper=citations.MICRONET,
        where="its section on dynamic shift-max, read as a statement on time",
        statement="dynamic shift-max costs time beyond its few MACs",
        experiment="micronet-m0 beside itself with ReLU6 in place of it, float32",
        kind="latency",
        bars=(Bar("time ratio over MACs ratio", low=1.1),),
        measure=_shift_max,
    ),
    Claim(
        name="micronet-is-faster-than-mobilenet-v3",
        paper=citations.MICRONET,
        where="its figure of latencies on an Intel Xeon",
        statement="near 60 % top-1 MicroNet takes less time than MobileNetV3-Small",
        experiment="micronet-m2 (59.4 %) beside MobileNetV3-Small 0.5, and micronet-m3 (62.5 %) "
        "beside MobileNetV3-Small 1.0, LiteRT float32",
        kind="latency",
        bars=(Bar("time ratio", high=0.9),),
        measure=_beside_v3,
    ),
    Claim(
        name="micronet-loses-per-mac",
        paper=citations.MICRONET,
        where="its text on latency: group convolution and dynamic shift-max are less optimized",
        statement="the smallest MicroNets gain less time than MACs",
        experiment="micronet-m0 beside mobilenet-v1-0.25-128, LiteRT float32: MACs a second",
        kind="latency",
        bars=(Bar("MACs a second, ratio", high=0.8),),
        measure=_rate,
    ),
)
