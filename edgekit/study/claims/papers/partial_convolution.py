"""FasterNet's partial convolution beside a depthwise one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgekit.models import layers
from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from torch import nn

_CHANNELS, _PART, _COUNT, _SHAPE = 96, 24, 6, (1, 96, 28, 28)


def _depthwise() -> nn.Module:
    return layers.chain(*[
        layers.ConvBnAct(_CHANNELS, _CHANNELS, 3, groups=_CHANNELS) for _ in range(_COUNT)
    ])  # fmt: skip


def _partial() -> nn.Module:
    import torch
    from torch import Tensor, nn

    class Partial(nn.Module):
        """A dense 3x3 convolution of the first quarter of the channels; the others pass."""

        def __init__(self) -> None:
            super().__init__()
            self.conv = layers.ConvBnAct(_PART, _PART, 3)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat([self.conv(x[:, :_PART]), x[:, _PART:]], dim=1)

    return layers.chain(*[Partial() for _ in range(_COUNT)])


_BASE = Specimen("depthwise-chain", _depthwise, _SHAPE)
_CANDIDATE = Specimen("partial-chain", _partial, _SHAPE)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    macs = lab.cost(_CANDIDATE).macs / lab.cost(_BASE).macs
    for found in lab.ratios(*[(_BASE.on(f), _CANDIDATE.on(f)) for f in ("tflite", "onnx")]):
        yield found.measured("MACs a second, ratio", lambda r: macs / r)
        yield found.measured()


CLAIMS = (
    Claim(
        name="partial-convolution-has-high-flops",
        paper=citations.FASTERNET,
        where="Table 1" + citations.QUOTED,
        statement="a partial convolution (a quarter of the channels) reaches higher FLOPS than a "
        "depthwise one",
        experiment="six of each, 3x3, 96 channels at 28x28, float32: MACs a second",
        kind="latency",
        bars=(Bar("MACs a second, ratio", low=1.5),),
        measure=_measure,
    ),
)
