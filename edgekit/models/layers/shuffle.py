"""Channel shuffle."""

from __future__ import annotations

from torch import Tensor, nn


class ChannelShuffle(nn.Module):
    """Deal the channels of ``groups`` groups out in turn, so that the next groups mix them.

    Channel ``g * (C / groups) + i`` moves to ``i * groups + g`` (ShuffleNet, arXiv 1707.01083,
    section 3.1).

    Args:
        groups: number of groups; must divide the number of channels.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        """Permute the channels of (N, C, H, W)."""
        n, channels, height, width = x.shape
        grouped = x.reshape(n, self.groups, channels // self.groups, height, width)
        return grouped.transpose(1, 2).reshape(n, channels, height, width)

    def extra_repr(self) -> str:
        """The groups, for ``repr``."""
        return f"groups={self.groups}"
