"""1x1 convolutions whose weights are mostly zero: how much faster?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from edgekit.study.claims import citations
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from torch import nn

_NET = "mobilenet-v1-1.0-224"
_SHARES = (0.7, 0.8, 0.9)


def _pruned(share: float) -> nn.Module:
    """Build the network; of each 1x1 convolution's weights that share, drawn by lot, stays zero.

    It pads both ends alike: XNNPACK's sparse kernels take no other padding.
    """
    import torch
    from torch import nn
    from torch.nn.utils import parametrize

    from edgekit import models
    from edgekit.models import layers

    class Masked(nn.Module):
        def __init__(self, mask: torch.Tensor) -> None:
            super().__init__()
            self.register_buffer("mask", mask)
            self.mask: torch.Tensor

        def forward(self, weight: torch.Tensor) -> torch.Tensor:
            return weight * self.mask

    net = models.get(_NET).build()
    for layer in [each for each in net.modules() if isinstance(each, layers.ConvBnAct)]:
        layer.pad_symmetrically()
        if layer.conv.kernel_size == (1, 1):
            mask = (torch.rand(layer.conv.weight.shape) >= share).float()
            parametrize.register_parametrization(layer.conv, "weight", Masked(mask))
    return net


_DENSE = tuple(
    Specimen(f"{_NET}, {share:.0%} zeros", partial(_pruned, share), (1, 3, 224, 224))
    for share in _SHARES
)


def _measure(lab: Laboratory) -> Iterator[Measured]:
    pairs = [(each, replace(each, lowering="+sparse_pointwise")) for each in _DENSE]
    for found in lab.ratios(*pairs):
        yield found.measured("speed-up", ratio.inverse)


CLAIMS = (
    Claim(
        name="sparse-pointwise-is-faster",
        paper=citations.SPARSE_BLOG,
        where="headline",
        statement="networks with 70 to 90 % zeros in their 1x1 convolutions run 1.2 to 2.4 times "
        "faster",
        experiment=f"{_NET}, padded alike at both ends, with 70, 80 and 90 % zeros in every 1x1 "
        "convolution, stored sparse beside the same weights stored whole, LiteRT float32. XNNPACK "
        "computes both alike on x86-64 with AVX: counts on Arm say more",
        kind="latency",
        bars=(Bar("speed-up", low=1.2),),
        measure=_measure,
    ),
)
