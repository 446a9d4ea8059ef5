"""ShuffleNetV2, G4: element-wise operations are not negligible."""

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

    from edgekit.models.layers.conv import Activation

_WIDTH, _SHAPE = 96, (1, 96, 28, 28)


def _bottlenecks(*, elementwise: bool) -> nn.Module:
    """Return ResNet's bottlenecks, with shortcut and ReLU or without."""
    middle = _WIDTH // 4
    act: Activation = "relu" if elementwise else "none"
    made = []
    for _ in range(4):
        body = layers.chain(
            layers.ConvBnAct(_WIDTH, middle, 1, act=act),
            layers.ConvBnAct(middle, middle, 3, act=act),
            layers.ConvBnAct(middle, _WIDTH, 1),
        )
        made.append(layers.chain(layers.Residual(body), layers.ReLU()) if elementwise else body)
    return layers.chain(*made)


_BARE = Specimen("bottlenecks-bare", partial(_bottlenecks, elementwise=False), _SHAPE)
_WITH = Specimen("bottlenecks-elementwise", partial(_bottlenecks, elementwise=True), _SHAPE)


def _of(precision: str) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        macs = lab.cost(_WITH).macs / lab.cost(_BARE).macs
        yield exact("MACs ratio", "with / without", macs)
        pairs = [(_BARE.on(f, precision), _WITH.on(f, precision)) for f in ("tflite", "onnx")]
        for found in lab.ratios(*pairs):
            yield found.measured()

    return measure


CLAIMS = tuple(
    Claim(
        name=f"guideline-4-{precision}",
        paper=citations.SHUFFLENET_V2,
        where="G4, Table 4" + citations.QUOTED,
        statement="ReLU and shortcut have no MACs, yet a bottleneck without both is about a fifth "
        "faster" + ("" if precision == "float32" else "; the paper measured no int8"),
        experiment="four bottlenecks of 96 channels at 28x28 with ReLU and shortcut beside the "
        f"same without, {precision}; at least 5 %",
        kind="latency",
        bars=(Bar("MACs ratio", 0.999, 1.001), Bar("time ratio", low=1.05)),
        measure=_of(precision),
    )
    for precision in ("float32", "int8")
)
