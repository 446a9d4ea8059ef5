"""Two paths from one input, joined."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Residual(nn.Module):
    """``shortcut(x) + branch(x)``.

    Args:
        branch: the path with the weights.
        shortcut: the other path; the identity when left out.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = nn.Identity() if shortcut is None else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the common shape of both paths."""
        y: Tensor = self.shortcut(x) + self.branch(x)
        return y


class ConcatShortcut(nn.Module):
    """Channels of ``shortcut(x)``, then channels of ``branch(x)``.

    Args:
        branch: the path with the weights.
        shortcut: the path that keeps the input's channels at the branch's size.
    """

    def __init__(self, branch: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.branch = branch
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C of the shortcut + C of the branch, H', W')."""
        return torch.cat([self.shortcut(x), self.branch(x)], dim=1)
