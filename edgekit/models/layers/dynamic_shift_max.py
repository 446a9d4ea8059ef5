"""Dynamic shift-max, the activation of MicroNet."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgekit.models.layers.pool import GlobalAvgPool


class DynamicShiftMax(nn.Module):
    """The larger of two fusions of a map with its group-shifted copy, weights from the input.

    With ``s`` the shifted copy, ``max(a1*x + b1*s, a2*x + b2*s)``, or ``a1*x + b1*s`` if there
    are two offsets only. The coefficients are per image and channel:
    ``4 * hardsigmoid(FC(relu(FC(means)))) - 2 + offset`` (Li et al., arXiv 2108.05894,
    section 4).

    Every shape is static and every index a constant, so the exported graph is a plain one.

    Args:
        channels: channels C of the map.
        groups: number G of groups of the shift.
        squeeze: width between the two FC layers.
        offsets: initial a1, b1 and, for a maximum, a2, b2.
    """

    constants: Tensor
    order: Tensor

    def __init__(self, channels: int, groups: int, squeeze: int, offsets: Sequence[float]) -> None:
        super().__init__()
        if len(offsets) not in (2, 4):
            raise ValueError(f"dynamic shift-max takes 2 or 4 offsets, got {len(offsets)}")
        self.groups = groups
        self.fusions = len(offsets)
        self.pool = GlobalAvgPool()
        self.squeeze = nn.Linear(channels, squeeze)
        self.excite = nn.Linear(squeeze, self.fusions * channels)
        constants = torch.tensor(offsets).repeat_interleave(channels) - 2.0
        self.register_buffer("constants", constants, persistent=False)
        self.register_buffer("order", shifted_channels(channels, groups), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        hidden = torch.relu(self.squeeze(self.pool(x)))
        coefficients = functional.hardsigmoid(self.excite(hidden)) * 4.0 + self.constants
        per_channel = coefficients.reshape(x.shape[0], self.fusions * x.shape[1], 1, 1)
        shifted = x.index_select(1, self.order)
        if self.fusions == 2:
            a, b = per_channel.chunk(2, dim=1)
            return a * x + b * shifted
        a1, b1, a2, b2 = per_channel.chunk(4, dim=1)
        return torch.maximum(a1 * x + b1 * shifted, a2 * x + b2 * shifted)

    def extra_repr(self) -> str:
        """The settings, for ``repr``."""
        return f"groups={self.groups}, fusions={self.fusions}"


def shifted_channels(channels: int, groups: int) -> Tensor:
    """Source of every channel of the shifted copy, int64 of shape (channels,).

    With channels seen as (G, C / G), both axes turn by one: (i, j) reads (i + 1, j + 1). The
    paper's text turns the groups only; the authors' code turns both.
    """
    index = torch.arange(channels).reshape(groups, channels // groups)
    return index.roll((-1, -1), dims=(0, 1)).flatten()
