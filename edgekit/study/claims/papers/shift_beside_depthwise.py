"""Shift: zero FLOPs, zero parameters, and time?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_CHANNELS, _COUNT, _SHAPE = 288, 3, (1, 288, 28, 28)


def _shifts() -> nn.Module:
    return layers.chain(*[
        layers.chain(layers.Shift(_CHANNELS), layers.BnAct(_CHANNELS)) for _ in range(_COUNT)
    ])  # fmt: skip


def _depthwise() -> nn.Module:
    return layers.chain(*[
        layers.chain(
            layers.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1, groups=_CHANNELS, bias=False),
            layers.BnAct(_CHANNELS),
        )
        for _ in range(_COUNT)
    ])  # fmt: skip


_BASE = Specimen("depthwise-288", _depthwise, _SHAPE)
_ONE_HOT = Specimen("shift-288", _shifts, _SHAPE)
_SLICES = replace(_ONE_HOT, lowering="+shift_as_slices")


def _counts(lab: Laboratory) -> Iterator[Measured]:
    found = lab.cost(_ONE_HOT)
    yield exact("MACs", "three shifts of 288 channels", found.macs)
    norm = 2 * _CHANNELS * _COUNT
    yield exact("parameters", "three shifts of 288 channels", found.params - norm)


def _time(lab: Laboratory) -> Iterator[Measured]:
    pairs = [
        (_BASE.on(f), replace(shift, format=f))
        for f in ("tflite", "onnx")
        for shift in (_ONE_HOT, _SLICES)
    ]
    for found in lab.ratios(*pairs):
        yield found.measured()


def _slices(lab: Laboratory) -> Iterator[Measured]:
    pairs = [(_BASE.on(f), replace(_SLICES, format=f)) for f in ("tflite", "onnx")]
    for found in lab.ratios(*pairs):
        yield found.measured()


CLAIMS = (
    Claim(
        name="shift-has-no-macs",
        paper=citations.SHIFT,
        where="title",
        statement="a shift has zero FLOPs and zero parameters",
        experiment="the MACs and parameters of three shifts, those of their batch norm taken off",
        kind="exact",
        bars=(Bar("MACs", high=0.0), Bar("parameters", high=0.0)),
        measure=_counts,
    ),
    Claim(
        name="shift-is-faster-than-depthwise",
        paper=citations.SHIFT,
        where="the claim of the title, read as a statement on time",
        statement="a shift takes less time than the 3x3 depthwise convolution that it replaces",
        experiment="three shifts, as a one-hot convolution and as slices, beside three depthwise "
        "layers, 288 channels at 28x28, float32",
        kind="latency",
        bars=(Bar("time ratio", high=0.95),),
        measure=_time,
    ),
    Claim(
        name="shift-is-bound-by-data-movement",
        paper=citations.FEW_SHIFTS,
        where="abstract",
        statement="shifts take time all the same, as they move data",
        experiment="three shifts as slices, without any arithmetic, beside three depthwise layers; "
        "at least a quarter of their time",
        kind="latency",
        bars=(Bar("time ratio", low=0.25),),
        measure=_slices,
    ),
)
