"""From TensorFlow's tensors to torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models.keymaps.base import StoredTensor, Table

if TYPE_CHECKING:
    from torch import Tensor

_BATCH_NORM = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def convolution(tensor: Tensor) -> Tensor:
    """Kernel (height, width, in, out) to (out, in, height, width)."""
    return tensor.permute(3, 2, 0, 1)


def depthwise(tensor: Tensor) -> Tensor:
    """Kernel (height, width, channels, 1) to (channels, 1, height, width)."""
    return tensor.permute(2, 3, 0, 1)


def classifier(tensor: Tensor) -> Tensor:
    """1x1 kernel (1, 1, in, classes) to (classes, in)."""
    return tensor.permute(3, 2, 0, 1).flatten(1)


def conv_bn(ours: str, kernel: StoredTensor, bn: str) -> Table:
    """Origins of a `ConvBnAct`: its kernel, and the prefix of the checkpoint's batch norm."""
    return {
        f"{ours}.conv.weight": kernel,
        **{f"{ours}.bn.{part}": StoredTensor(f"{bn}/{name}") for part, name in _BATCH_NORM.items()},
    }
