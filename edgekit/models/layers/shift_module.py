"""The two shift modules of ShiftNet: convolutions of size 1 with shifts between."""

from __future__ import annotations

from torch import nn

from edgekit.models.layers.compose import chain
from edgekit.models.layers.conv import BnAct
from edgekit.models.layers.shift import Shift


def csc(inputs: int, middle: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Module:
    """Conv, shift, conv; each convolution is 1x1 and has batch norm and ReLU ahead of it.

    Args:
        inputs: input channels.
        middle: channels that are shifted.
        outputs: output channels.
        kernel: side of the square of offsets.
        stride: stride of the second convolution.
    """
    return chain(
        BnAct(inputs),
        nn.Conv2d(inputs, middle, 1, bias=False),
        Shift(middle, kernel),
        BnAct(middle),
        nn.Conv2d(middle, outputs, 1, stride=stride, bias=False),
    )


def sc2(inputs: int, middle: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> nn.Module:
    """Shift, conv, shift, conv: ``csc`` with a wider field of view; same arguments."""
    return chain(Shift(inputs, kernel), csc(inputs, middle, outputs, kernel=kernel, stride=stride))
