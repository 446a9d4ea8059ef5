"""Squeeze-and-excitation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgekit.models.layers.pool import GlobalAvgPool


class SqueezeExcite(nn.Module):
    """Scale every channel by a gate in (0, 1) computed from all channel means.

    Means, FC, ReLU, FC, sigmoid, product (Hu et al., arXiv 1709.01507).

    Args:
        channels: channels of the map.
        squeeze: width between the two FC layers.
    """

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.pool = GlobalAvgPool()
        self.squeeze = nn.Linear(channels, squeeze)
        self.excite = nn.Linear(squeeze, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        gate = torch.sigmoid(self.excite(torch.relu(self.squeeze(self.pool(x)))))
        return x * gate.reshape(x.shape[0], x.shape[1], 1, 1)
