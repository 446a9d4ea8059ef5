"""ShuffleNetV2, G2: many groups raise memory access."""

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


def _blocks(channels: int, groups: int) -> nn.Module:
    return layers.chain(*[
        layers.ConvBnAct(channels, channels, 1, groups=groups, act="relu") for _ in range(6)
    ])  # fmt: skip


_DENSE = Specimen("groups-1", partial(_blocks, 128, 1), (1, 128, 28, 28))
_GROUPED = Specimen("groups-4", partial(_blocks, 256, 4), (1, 256, 28, 28))


def _of(precision: str) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        macs = lab.cost(_GROUPED).macs / lab.cost(_DENSE).macs
        yield exact("MACs ratio", "g = 4 of twice the width beside g = 1", macs)
        pairs = [(_DENSE.on(f, precision), _GROUPED.on(f, precision)) for f in ("tflite", "onnx")]
        for found in lab.ratios(*pairs):
            yield found.measured()

    return measure


CLAIMS = tuple(
    Claim(
        name=f"guideline-2-{precision}",
        paper=citations.SHUFFLENET_V2,
        where="G2, Table 2" + citations.QUOTED,
        statement="at equal MACs, more groups are slower; on a phone g = 8 takes 1.4 times as "
        "long (40.0 and 27.8 images a second)"
        + ("" if precision == "float32" else "; the paper measured no int8"),
        experiment=f"six 1x1 layers at 28x28, 256 channels in 4 groups beside 128 in one, "
        f"{precision}",
        kind="latency",
        bars=(Bar("MACs ratio", 0.999, 1.001), Bar("time ratio", low=1.05)),
        measure=_of(precision),
    )
    for precision in ("float32", "int8")
)
