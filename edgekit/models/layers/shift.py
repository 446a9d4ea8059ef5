"""The shift operation: spatial mixing without weights or arithmetic."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Assignment = Literal["interleaved", "contiguous"]


class Shift(nn.Module):
    """Move every channel by its own offset of at most ``dilation * (kernel // 2)`` pixels.

    Output (y, x) of channel c is input (y + dy, x + dx) of channel c, zero outside the map
    (Wu et al., arXiv 1711.08141, section 3). Each of the ``kernel ** 2`` offsets gets the same
    number of channels; the channels left over, at the end, stay where they are.

    It runs as a depthwise convolution with one 1 per kernel, which is exact in any float
    format. The kernels are constants: no parameters, nothing in the state dict.

    Args:
        channels: channels of the map.
        kernel: odd side of the square of offsets.
        dilation: factor on the offsets.
        assignment: "interleaved" gives neighbouring channels different offsets, as the
            authors' code does; "contiguous" gives each offset one run of channels. Between
            two 1x1 convolutions they span the same functions, but weights do not carry over.
    """

    kernels: Tensor

    def __init__(
        self,
        channels: int,
        kernel: int = 3,
        *,
        dilation: int = 1,
        assignment: Assignment = "interleaved",
    ) -> None:
        super().__init__()
        if kernel < 1 or kernel % 2 == 0:
            raise ValueError(f"the kernel of a shift must be odd, got {kernel}")
        kernels = torch.zeros(channels, 1, kernel, kernel)
        for channel, (dy, dx) in enumerate(offsets(channels, kernel, assignment)):
            kernels[channel, 0, kernel // 2 + dy, kernel // 2 + dx] = 1.0
        self.register_buffer("kernels", kernels, persistent=False)
        self.kernel = kernel
        self.dilation = dilation
        self.padding = dilation * (kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        return functional.conv2d(
            x, self.kernels, padding=self.padding, dilation=self.dilation, groups=x.shape[1]
        )

    def extra_repr(self) -> str:
        """The settings, for ``repr``."""
        return f"kernel={self.kernel}, dilation={self.dilation}"


def offsets(channels: int, kernel: int, assignment: Assignment) -> list[tuple[int, int]]:
    """The offset (dy, dx) of every channel, before dilation."""
    directions = [
        (dy - kernel // 2, dx - kernel // 2) for dy in range(kernel) for dx in range(kernel)
    ]
    share = channels // len(directions)
    if assignment == "interleaved":
        shifted = directions * share
    else:
        shifted = [direction for direction in directions for _ in range(share)]
    return shifted + [(0, 0)] * (channels - len(shifted))
