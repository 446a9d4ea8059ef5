"""Channel shuffle: free in MACs, and in time?"""

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

_GROUPS, _WIDTH, _SHAPE = 3, 240, (1, 240, 28, 28)


def _units(*, shuffled: bool) -> nn.Module:
    """Return two ShuffleNet units; without the shuffle they compute something else as long."""
    middle = _WIDTH // 4
    units = []
    for _ in range(2):
        shuffle = [layers.ChannelShuffle(_GROUPS)] if shuffled else []
        body = layers.chain(
            layers.ConvBnAct(_WIDTH, middle, 1, groups=_GROUPS, act="relu"),
            *shuffle,
            layers.ConvBnAct(middle, middle, 3, groups=middle),
            layers.ConvBnAct(middle, _WIDTH, 1, groups=_GROUPS),
        )
        units += [layers.Residual(body), layers.ReLU()]
    return layers.chain(*units)


_BASE = Specimen("units-unshuffled", partial(_units, shuffled=False), _SHAPE)
_CANDIDATE = Specimen("units-shuffled", partial(_units, shuffled=True), _SHAPE)


def _of(precision: str) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        pairs = [(_BASE.on(f, precision), _CANDIDATE.on(f, precision)) for f in ("tflite", "onnx")]
        for found in lab.ratios(*pairs):
            yield found.measured()

    return measure


CLAIMS = tuple(
    Claim(
        name=f"shuffle-costs-time-{precision}",
        paper=citations.SHUFFLENET_V2,
        where="Figure 2" + citations.QUOTED,
        statement="channel shuffle has no MACs, yet takes a visible share of the time",
        experiment=f"two ShuffleNet units (240 channels, 28x28, g = 3) with and without shuffle, "
        f"{precision}; visible: 3 % or more",
        kind="latency",
        bars=(Bar("time ratio", low=1.03),),
        measure=_of(precision),
    )
    for precision in ("float32", "int8")
)
