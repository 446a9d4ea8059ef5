"""MobileNetV1: thinner or shallower?"""

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

# (output channels, stride) of the depthwise separable layers that are left.
_LAYERS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (1024, 2), (1024, 1))
_THIN = Specimen("mobilenet-v1-0.75-224")


def _shallow() -> nn.Module:
    """Return MobileNetV1 1.0 without the five layers of 512 channels at 14x14."""
    made: list[nn.Module] = [layers.ConvBnAct(3, 32, 3, stride=2, act="relu6", tf_same=True)]
    inputs = 32
    for outputs, stride in _LAYERS:
        made.append(
            layers.chain(
                layers.ConvBnAct(
                    inputs, inputs, 3, stride=stride, groups=inputs, act="relu6", tf_same=True
                ),
                layers.ConvBnAct(inputs, outputs, 1, act="relu6"),
            )
        )
        inputs = outputs
    return layers.chain(*made, layers.GlobalAvgPool(), layers.Linear(inputs, 1000))


_SHALLOW = Specimen("mobilenet-v1-shallow", _shallow, (1, 3, 224, 224))


def _macs(lab: Laboratory) -> Iterator[Measured]:
    yield exact("MACs, millions", _SHALLOW.name, lab.cost(_SHALLOW).macs / 1e6)
    yield exact("MACs of the thin net, millions", _THIN.name, models.get(_THIN.name).macs / 1e6)


def _time(lab: Laboratory) -> Iterator[Measured]:
    for found in lab.ratios(*[(_THIN.on(f), _SHALLOW.on(f)) for f in ("tflite", "onnx")]):
        yield found.measured()


CLAIMS = (
    Claim(
        name="thin-and-shallow-cost-the-same",
        paper=citations.MOBILENET_V1,
        where="Table 5" + citations.QUOTED,
        statement="the 0.75 MobileNet costs 325 M MACs, the shallow one 307 M",
        experiment="the MACs of both",
        kind="exact",
        bars=(
            Bar("MACs, millions", 303.0, 311.0),
            Bar("MACs of the thin net, millions", 324.0, 326.0),
        ),
        measure=_macs,
    ),
    Claim(
        name="shallow-is-no-faster-than-thin",
        paper=citations.MOBILENET_V1,
        where="section 4.1: thinner beats shallower at similar computation" + citations.QUOTED,
        statement="at similar computation and size the shallow net has no advantage but its "
        "accuracy is 3 points lower; read as: nor is it faster",
        experiment="the shallow net beside mobilenet-v1-0.75-224, float32, on both runtimes",
        kind="latency",
        bars=(Bar("time ratio", low=0.98),),
        measure=_time,
    ),
)
