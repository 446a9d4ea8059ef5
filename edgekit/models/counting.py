"""Parameters and multiply-accumulates of a network.

The convention, here and in every table of this project: one MAC is one multiply-accumulate of
a convolution or a fully connected layer, the classifier included, at batch 1. A grouped
convolution counts what its groups compute. Biases, batch norm, activations, pooling,
additions, shuffles and shifts count nothing. Papers often call this number FLOPs or MAdds.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

_COUNTED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


@dataclass(frozen=True)
class Count:
    """What a network costs.

    Attributes:
        params: number of trainable parameters.
        macs: multiply-accumulates of one run.
    """

    params: int
    macs: int


def count(module: nn.Module, input_shape: Sequence[int]) -> Count:
    """Count without computing: a copy of ``module`` runs on torch's meta device.

    Args:
        module: a network of one input; it is left as it is.
        input_shape: shape of the input, the batch first, such as (1, 3, 224, 224).

    Returns:
        parameters, each shared one once, and MACs, a layer that runs twice counted twice.
    """
    probe = copy.deepcopy(module).to("meta").eval()
    total = 0

    def add(layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # weight[0] holds what one output value is multiplied with, in all counted layers.
        nonlocal total
        weight = cast("Tensor", layer.weight)  # no parameter where it is computed from others
        total += output.numel() * weight[0].numel()

    for layer in probe.modules():
        if isinstance(layer, _COUNTED):
            layer.register_forward_hook(add)
    with torch.no_grad():
        probe(torch.empty(tuple(input_shape), device="meta"))
    return Count(params=sum(p.numel() for p in module.parameters()), macs=total)
