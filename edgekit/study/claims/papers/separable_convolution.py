"""MobileNetV1: a 3x3 convolution as a depthwise and a 1x1 one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_CHANNELS, _SHAPE = 256, (1, 256, 14, 14)


def _dense() -> nn.Module:
    return layers.chain(*[layers.ConvBnAct(_CHANNELS, _CHANNELS, 3, act="relu") for _ in range(2)])


def _separable() -> nn.Module:
    return layers.chain(*[
        layers.chain(
            layers.ConvBnAct(_CHANNELS, _CHANNELS, 3, groups=_CHANNELS, act="relu"),
            layers.ConvBnAct(_CHANNELS, _CHANNELS, 1, act="relu"),
        )
        for _ in range(2)
    ])  # fmt: skip


_BASE = Specimen("dense-3x3", _dense, _SHAPE)
_CANDIDATE = Specimen("separable-3x3", _separable, _SHAPE)


def _macs(lab: Laboratory) -> Iterator[Measured]:
    saved = lab.cost(_BASE).macs / lab.cost(_CANDIDATE).macs
    yield exact("MACs saved, times", f"3x3 of {_CHANNELS} channels", saved)


def _time(lab: Laboratory) -> Iterator[Measured]:
    saved = lab.cost(_BASE).macs / lab.cost(_CANDIDATE).macs
    pairs = [(_BASE.on(each), _CANDIDATE.on(each)) for each in ("tflite", "onnx")]
    for found in lab.ratios(*pairs):
        yield found.measured("speed-up over MACs saved", lambda r: 1 / r / saved)
        yield found.measured("speed-up", ratio.inverse)


CLAIMS = (
    Claim(
        name="separable-saves-macs",
        paper=citations.MOBILENET_V1,
        where="section 3.1",
        statement="3x3 depthwise separable convolutions take 8 to 9 times fewer computations",
        experiment="two layers of 256 channels at 14x14, dense and depthwise separable",
        kind="exact",
        bars=(Bar("MACs saved, times", 8.0, 9.0),),
        measure=_macs,
    ),
    Claim(
        name="separable-saves-time",
        paper=citations.MOBILENET_V1,
        where="section 3.1, read as a statement on time",
        statement="the 8 to 9 times fewer computations are as much less time, within a fifth",
        experiment="two layers of 256 channels at 14x14, dense and depthwise separable, float32",
        kind="latency",
        bars=(Bar("speed-up over MACs saved", low=0.8),),
        measure=_time,
    ),
)
