"""ShuffleNetV2, G1: equal channel width minimizes memory access."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn


def _blocks(narrow: int, wide: int) -> nn.Module:
    return layers.chain(*[
        layers.chain(
            layers.ConvBnAct(narrow, wide, 1, act="relu"),
            layers.ConvBnAct(wide, narrow, 1, act="relu"),
        )
        for _ in range(4)
    ])  # fmt: skip


_EQUAL = Specimen("widths-1-to-1", partial(_blocks, 128, 128), (1, 128, 28, 28))
_UNEQUAL = Specimen("widths-1-to-16", partial(_blocks, 32, 512), (1, 32, 28, 28))


def _of(precision: str) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        macs = lab.cost(_UNEQUAL).macs / lab.cost(_EQUAL).macs
        yield exact("MACs ratio", "1:16 beside 1:1", macs)
        pairs = [(_EQUAL.on(f, precision), _UNEQUAL.on(f, precision)) for f in ("tflite", "onnx")]
        for found in lab.ratios(*pairs):
            yield found.measured()

    return measure


CLAIMS = tuple(
    Claim(
        name=f"guideline-1-{precision}",
        paper=citations.SHUFFLENET_V2,
        where="G1, Table 1" + citations.QUOTED,
        statement="at equal MACs, 1x1 convolutions are fastest with as many outputs as inputs; on "
        "a phone 1:12 takes about 1.3 times as long"
        + ("" if precision == "float32" else "; the paper measured no int8"),
        experiment=f"eight 1x1 layers at 28x28 of 32 and 512 channels beside 128, {precision}",
        kind="latency",
        bars=(Bar("MACs ratio", 0.999, 1.001), Bar("time ratio", low=1.05)),
        measure=_of(precision),
    )
    for precision in ("float32", "int8")
)
