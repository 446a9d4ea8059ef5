"""ShuffleNetV2, G3: fragmentation lowers parallelism."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_WIDTH, _FRAGMENTS, _SHAPE = 128, 4, (1, 128, 28, 28)


def _whole() -> nn.Module:
    return layers.chain(*[layers.ConvBnAct(_WIDTH, _WIDTH, 1, act="relu") for _ in range(4)])


def _fragments() -> nn.Module:
    """Return the same blocks, each in four pieces side by side."""
    import torch
    from torch import Tensor, nn

    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            narrow = _WIDTH // _FRAGMENTS
            self.branches = nn.ModuleList(
                [layers.ConvBnAct(_WIDTH, narrow, 1, act="relu") for _ in range(_FRAGMENTS)]
            )

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([branch(x) for branch in self.branches], dim=1)

    return layers.chain(*[Parallel() for _ in range(4)])


_ONE = Specimen("fragments-1", _whole, _SHAPE)
_FOUR = Specimen("fragments-4", _fragments, _SHAPE)


def _of(precision: str) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        yield exact("MACs ratio", "4 fragments / 1", lab.cost(_FOUR).macs / lab.cost(_ONE).macs)
        pairs = [(_ONE.on(f, precision), _FOUR.on(f, precision)) for f in ("tflite", "onnx")]
        for found in lab.ratios(*pairs):
            yield found.measured()

    return measure


CLAIMS = tuple(
    Claim(
        name=f"guideline-3-{precision}",
        paper=citations.SHUFFLENET_V2,
        where="G3, Table 3" + citations.QUOTED,
        statement="at equal MACs, a block of four fragments side by side is slower than one "
        "operator; on a phone by a little, on a GPU by much"
        + ("" if precision == "float32" else "; the paper measured no int8"),
        experiment="four blocks of a 1x1 layer at 28x28, 128 channels, in four pieces that are "
        f"joined beside one, {precision}",
        kind="latency",
        bars=(Bar("MACs ratio", 0.999, 1.001), Bar("time ratio", low=1.05)),
        measure=_of(precision),
    )
    for precision in ("float32", "int8")
)
