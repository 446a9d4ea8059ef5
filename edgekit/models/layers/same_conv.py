"""Convolution with the padding that TensorFlow calls SAME."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class SameConv2d(nn.Conv2d):
    """A convolution whose output size is ceil(input size / stride).

    An odd total of padding puts the extra row or column at the bottom or right, so a strided
    convolution on an even size reads other pixels than one padded by ``kernel // 2``: weights
    trained with the one lose accuracy in the other.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in, H, W) to (N, out, ceil(H / stride), ceil(W / stride))."""
        top, bottom = _pads(x.shape[-2], self.kernel_size[0], self.stride[0], self.dilation[0])
        left, right = _pads(x.shape[-1], self.kernel_size[1], self.stride[1], self.dilation[1])
        padding = (top, left)
        if (top, left) != (bottom, right):
            x = functional.pad(x, (left, right, top, bottom))
            padding = (0, 0)
        return functional.conv2d(
            x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


def _pads(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after one axis."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2
