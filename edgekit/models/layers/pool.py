"""Global pooling."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class GlobalAvgPool(nn.Module):
    """The mean of every channel over the whole map."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C)."""
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)
