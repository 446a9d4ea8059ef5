"""MobileNetV1 weights of Keras Applications, saved under the variables' names or paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.models.keymaps import tensorflow_layout as tf
from edgekit.models.keymaps.base import Keymap, StoredTensor, Table

if TYPE_CHECKING:
    from torch import nn


def _table(module: nn.Module) -> Table:
    table: Table = {}
    for index, _ in enumerate(module.get_submodule("features").children()):
        if index == 0:
            layer, take = "conv1", tf.convolution
        elif index % 2:
            layer, take = f"conv_dw_{(index + 1) // 2}", tf.depthwise
        else:
            layer, take = f"conv_pw_{index // 2}", tf.convolution
        table |= tf.conv_bn(
            f"features.{index}", StoredTensor(f"{layer}/kernel", take), f"{layer}_bn"
        )
    table["fc.weight"] = StoredTensor("conv_preds/kernel", tf.classifier)
    table["fc.bias"] = StoredTensor("conv_preds/bias")
    return table


def _normalize(key: str) -> str:
    """Keras 2 ends names in ":0" and calls the kernel of a depthwise layer depthwise_kernel."""
    return key.removesuffix(":0").replace("/depthwise_kernel", "/kernel")


KEYMAP = Keymap(
    source="keras.applications",
    family="mobilenet-v1",
    marker="conv1/kernel",
    table=_table,
    normalize=_normalize,
)
