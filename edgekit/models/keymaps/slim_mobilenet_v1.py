"""MobileNetV1 checkpoints of TensorFlow's slim: 1001 classes, the first of them background.

A TensorFlow checkpoint is read by TensorFlow only: save its variables, under their own names, as
safetensors.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgekit.models.keymaps import tensorflow_layout as tf
from edgekit.models.keymaps.base import Keymap, StoredTensor, Table

if TYPE_CHECKING:
    from torch import Tensor, nn


def _table(module: nn.Module) -> Table:
    table: Table = {}
    for index, _ in enumerate(module.get_submodule("features").children()):
        if index == 0:
            scope, kernel, take = "Conv2d_0", "weights", tf.convolution
        elif index % 2:
            scope, kernel, take = (
                f"Conv2d_{(index + 1) // 2}_depthwise",
                "depthwise_weights",
                tf.depthwise,
            )
        else:
            scope, kernel, take = f"Conv2d_{index // 2}_pointwise", "weights", tf.convolution
        scope = f"MobilenetV1/{scope}"
        stored = StoredTensor(f"{scope}/{kernel}", take)
        table |= tf.conv_bn(f"features.{index}", stored, f"{scope}/BatchNorm")
    logits = "MobilenetV1/Logits/Conv2d_1c_1x1"
    table["fc.weight"] = StoredTensor(f"{logits}/weights", lambda t: _known(tf.classifier(t)))
    table["fc.bias"] = StoredTensor(f"{logits}/biases", _known)
    return table


def _known(tensor: Tensor) -> Tensor:
    """All classes but the background."""
    return tensor[1:]


KEYMAP = Keymap(
    source="tensorflow/models slim",
    family="mobilenet-v1",
    marker="MobilenetV1/Conv2d_0/weights",
    table=_table,
    ignored=re.compile(r"global_step|.*/(RMSProp(_1)?|Momentum|ExponentialMovingAverage)"),
)
