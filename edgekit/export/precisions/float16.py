"""Weights as float16, arithmetic in float32: half the size, an error of 0.05 % a weight at most.

In a .tflite file the weights stand before DEQUANTIZE, which the XNNPACK delegate performs once,
when it loads the file; in an .onnx file before Cast, which ONNX Runtime performs once as well.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import onnx_ir as ir

from edgekit.export.precisions import constants, stored
from edgekit.export.precisions.stored import StoredWeights

_HIGHEST = float(np.finfo(np.float16).max)


def round_weights(model: ir.Model) -> None:
    """Round the weights of every layer that float16 can hold, in place."""
    for node, weight in stored.layers(model):
        if np.abs(weight).max() <= _HIGHEST:
            stored.round_to(node, StoredWeights())


def in_tflite(model: ir.Model) -> None:
    """Note float16 on every layer, in place."""
    for node, weight in stored.layers(model):
        if np.abs(weight).max() <= _HIGHEST:
            stored.note(node, StoredWeights())


def in_onnx(model: ir.Model) -> None:
    """Store the weights as float16 constants, in place."""
    in_tflite(model)
    constants.put_back_all(model)


FORMS = MappingProxyType({"onnx": in_onnx, "tflite": in_tflite})
"""The transform of each format's lowered graph."""
