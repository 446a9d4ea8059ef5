"""Conv: CONV_2D, grouped natively, or DEPTHWISE_CONV_2D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit import activation, spatial, weights
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_GROUPED_VERSION = 6  # the first CONV_2D whose filter may be shallower than its input
_DILATED_DEPTHWISE_VERSION = 2


def emit(writer: Writer, node: ir.Node) -> None:
    """Weights OIHW become OHWI (CONV_2D) or 1HWO (DEPTHWISE_CONV_2D); a missing bias is zero."""
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise refuse(node, "weights must be constant", "dynamic-weights")
    if weight.ndim != 4:
        raise refuse(node, f"only 2-D convolution is supported, weights have rank {weight.ndim}")
    groups = node.attributes.get_int("group", 1)
    window = spatial.window_of(node, (weight.shape[2], weight.shape[3]))
    source, padding = spatial.padded_input(writer, node, window)
    inputs = [source, 0, weights.add_bias(writer, node, _bias(node, weight.shape[0]))]
    values = {
        "padding": padding,
        "strideH": window.strides[0],
        "strideW": window.strides[1],
        "dilationHFactor": window.dilations[0],
        "dilationWFactor": window.dilations[1],
        "fusedActivationFunction": activation.fused(node),
    }
    outputs = [writer.output(node.outputs[0])]
    if weight.shape[1] == 1 and groups > 1:
        inputs[1] = weights.add_weight(writer, node, weight.transpose(1, 2, 3, 0), 3)
        values["depthMultiplier"] = weight.shape[0] // groups
        version = 1 if window.dilations == (1, 1) else _DILATED_DEPTHWISE_VERSION
        writer.emit(
            "DEPTHWISE_CONV_2D", inputs, outputs, "DepthwiseConv2DOptions", values, version=version
        )
    else:
        inputs[1] = weights.add_weight(writer, node, weight.transpose(0, 2, 3, 1), 0)
        version = 1 if groups == 1 else _GROUPED_VERSION
        writer.emit("CONV_2D", inputs, outputs, "Conv2DOptions", values, version=version)


def _bias(node: ir.Node, channels: int) -> np.ndarray:
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return np.zeros(channels, dtype=np.float32)
    bias = g.constant(node.inputs[2])
    if bias is None:
        raise refuse(node, "the bias must be constant", "dynamic-weights")
    return bias


EMITTERS: Emitters = {
    ("", "Conv"): emit,
}
VERSIONS: Versions = {"CONV_2D": (3, 1), "DEPTHWISE_CONV_2D": (3, 1)}
