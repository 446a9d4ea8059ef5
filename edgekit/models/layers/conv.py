"""Bias-free convolution with batch norm and activation, after it or before it."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from edgekit.models.layers.same_conv import SameConv2d

Activation = Literal["none", "relu", "relu6"]


def activation(name: Activation) -> nn.Module:
    """The activation called ``name``; "none" is the identity."""
    modules: dict[Activation, type[nn.Module]] = {
        "none": nn.Identity,
        "relu": nn.ReLU,
        "relu6": nn.ReLU6,
    }
    return modules[name]()


class ConvBnAct(nn.Module):
    """Convolution without bias, batch norm, activation.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: height and width, or one number for both. Padding is ``kernel // 2``.
        stride: along height and width, or one number for both.
        groups: channel groups of the convolution.
        act: the activation after batch norm.
        tf_same: pad as TensorFlow's SAME does instead of by ``kernel // 2``.
        eps: added to the variance by batch norm.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        groups: int = 1,
        act: Activation = "none",
        tf_same: bool = False,
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        if tf_same:
            self.conv: nn.Conv2d = SameConv2d(
                inputs, outputs, kernel, stride=stride, groups=groups, bias=False
            )
        else:
            size = (kernel, kernel) if isinstance(kernel, int) else kernel
            padding = (size[0] // 2, size[1] // 2)
            self.conv = nn.Conv2d(
                inputs, outputs, size, stride=stride, padding=padding, groups=groups, bias=False
            )
        self.bn = nn.BatchNorm2d(outputs, eps=eps)
        self.act = activation(act)

    def pad_symmetrically(self) -> None:
        """Pad by ``kernel // 2`` from now on, if it was TensorFlow's SAME."""
        old = self.conv
        if isinstance(old, SameConv2d):
            padding = (old.kernel_size[0] // 2, old.kernel_size[1] // 2)
            self.conv = nn.Conv2d(
                old.in_channels, old.out_channels, (old.kernel_size[0], old.kernel_size[1]),
                stride=(old.stride[0], old.stride[1]), padding=padding,
                groups=old.groups, bias=False,
            )  # fmt: skip
            self.conv.weight = old.weight

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride), rounded up."""
        y: Tensor = self.act(self.bn(self.conv(x)))
        return y


class BnAct(nn.Module):
    """Batch norm and ReLU ahead of a convolution (pre-activation order)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, channels, H, W) to the same shape."""
        y: Tensor = self.act(self.bn(x))
        return y
