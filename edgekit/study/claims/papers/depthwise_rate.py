"""How many MACs a second a depthwise convolution reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from torch import nn


def _chain(channels: int, kernel: int, count: int, *, depthwise: bool) -> nn.Module:
    groups = channels if depthwise else 1
    return layers.chain(*[
        layers.ConvBnAct(channels, channels, kernel, groups=groups, act="relu")
        for _ in range(count)
    ])  # fmt: skip


DEPTHWISE = Specimen("depthwise-512", partial(_chain, 512, 3, 8, depthwise=True), (1, 512, 14, 14))
POINTWISE = Specimen("pointwise-512", partial(_chain, 512, 1, 2, depthwise=False), (1, 512, 14, 14))
_THIN = Specimen("depthwise-96", partial(_chain, 96, 3, 8, depthwise=True), (1, 96, 28, 28))
_DENSE = Specimen("dense-96", partial(_chain, 96, 3, 2, depthwise=False), (1, 96, 28, 28))


def _rates(
    base: Specimen, candidate: Specimen, formats: tuple[str, ...], precision: str = "float32"
) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        macs = lab.cost(candidate).macs / lab.cost(base).macs
        pairs = [(base.on(f, precision), candidate.on(f, precision)) for f in formats]
        for found in lab.ratios(*pairs):
            yield found.measured("MACs a second, ratio", lambda r: macs / r)

    return measure


CLAIMS = (
    Claim(
        name="depthwise-is-memory-bound",
        paper=citations.SHIFT,
        where="its argument on memory access",
        statement="a depthwise convolution has far fewer MACs per memory access than a dense one, "
        "and so cannot use the processor",
        experiment="eight 3x3 depthwise layers (1.1 MACs a byte) beside two 1x1 layers (27.8), "
        "14x14x512, float32: MACs a second, at most half",
        kind="latency",
        bars=(Bar("MACs a second, ratio", high=0.5),),
        measure=_rates(POINTWISE, DEPTHWISE, ("tflite", "onnx")),
    ),
    Claim(
        name="depthwise-is-memory-bound-int8",
        paper=citations.SHIFT,
        where="its argument on memory access, applied to 8-bit numbers",
        statement="a depthwise convolution of 8-bit numbers, too, has far fewer MACs per memory "
        "access than a dense one, and so cannot use the processor",
        experiment="eight 3x3 depthwise layers (4.4 MACs a byte) beside two 1x1 layers (111), "
        "14x14x512, int8: MACs a second, at most half",
        kind="latency",
        bars=(Bar("MACs a second, ratio", high=0.5),),
        measure=_rates(POINTWISE, DEPTHWISE, ("tflite", "onnx"), "int8"),
    ),
    Claim(
        name="depthwise-has-low-flops",
        paper=citations.FASTERNET,
        where="abstract and Table 1" + citations.QUOTED,
        statement="depthwise convolutions reach low FLOPS because they access memory so often",
        experiment="eight 3x3 depthwise layers beside two dense 3x3 ones, 28x28x96, float32: MACs "
        "a second, at most half",
        kind="latency",
        bars=(Bar("MACs a second, ratio", high=0.5),),
        measure=_rates(_DENSE, _THIN, ("tflite", "onnx")),
    ),
)
