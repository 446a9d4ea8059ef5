"""Conv: CONV_2D, grouped natively, DEPTHWISE_CONV_2D, or CONV_3D."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows
from edgekit.export.graph.annotations import SPARSE
from edgekit.export.precisions import stored
from edgekit.export.tflite.emit import activation, spatial, weights
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_GROUPED_VERSION = 6  # the first CONV_2D whose filter may be shallower than its input
_DILATED_DEPTHWISE_VERSION = 2


def emit(writer: Writer, node: ir.Node) -> None:
    """Weights OIHW become OHWI (CONV_2D) or 1HWO (DEPTHWISE_CONV_2D); a missing bias is zero."""
    shape = g.shape_of(g.operand(node, 1))
    groups = node.attributes.get_int("group", 1)
    axes = spatial.windows_of(node)
    if len(axes) == 3:
        _emit_volume(writer, node, axes)
        return
    source, padding = spatial.padded_input(writer, node, axes)
    inputs = [source, 0, weights.bias(writer, node, shape[0])]
    values: dict[str, OptionValue] = {
        "padding": padding,
        "strideH": axes[0].stride,
        "strideW": axes[1].stride,
        "dilationHFactor": axes[0].dilation,
        "dilationWFactor": axes[1].dilation,
        "fusedActivationFunction": activation.fused(node),
    }
    outputs = [writer.output(node.outputs[0])]
    if shape[1] == 1 and groups > 1:
        inputs[1] = weights.of_layer(writer, node, (1, 2, 3, 0), 3)
        values["depthMultiplier"] = shape[0] // groups
        is_plain = axes[0].dilation == axes[1].dilation == 1
        version = 1 if is_plain else _DILATED_DEPTHWISE_VERSION
        code, options = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"
        writer.emit(code, inputs, outputs, options, values, version=version)
    else:
        inputs[1] = _filter(writer, node)
        version = 1 if groups == 1 else _GROUPED_VERSION
        writer.emit("CONV_2D", inputs, outputs, "Conv2DOptions", values, version=version)


def _filter(writer: Writer, node: ir.Node) -> int:
    weight = g.constant(node.inputs[1])
    if weight is None or SPARSE not in node.meta or stored.of(node) is not None:
        return weights.of_layer(writer, node, (0, 2, 3, 1), 0)
    return writer.sparse(g.operand(node, 1).name or "weights", weight.transpose(0, 2, 3, 1))


def _emit_volume(writer: Writer, node: ir.Node, axes: tuple[windows.Axis, ...]) -> None:
    """Weights OIDHW become DHWIO, with zeros between groups, which CONV_3D does not have."""
    groups, shape = node.attributes.get_int("group", 1), g.shape_of(g.operand(node, 1))
    order = (2, 3, 4, 1, 0)
    weight = g.constant(node.inputs[1])
    if groups == 1:
        kernel = weights.of_layer(writer, node, order, 4)
    elif weight is None:
        raise refuse(node, "groups with computed weights over a volume", "dynamic-weights")
    else:
        dense = _dense(weight, groups).transpose(order)
        kernel = weights.add_weight(writer, node, np.ascontiguousarray(dense), 4)
    source, padding = spatial.padded_input(writer, node, axes)
    values: dict[str, OptionValue] = {
        "padding": padding,
        "fusedActivationFunction": activation.fused(node),
    }
    for name, axis in zip("DHW", axes, strict=True):
        values[f"stride{name}"] = axis.stride
        values[f"dilation{name}Factor"] = axis.dilation
    inputs = [source, kernel, weights.bias(writer, node, shape[0])]
    writer.emit("CONV_3D", inputs, [writer.output(node.outputs[0])], "Conv3DOptions", values)


def _dense(weight: np.ndarray, groups: int) -> np.ndarray:
    outer, inner = weight.shape[0] // groups, weight.shape[1]
    dense = np.zeros((weight.shape[0], inner * groups, *weight.shape[2:]), weight.dtype)
    for group in range(groups):
        rows, columns = (slice(group * n, (group + 1) * n) for n in (outer, inner))
        dense[rows, columns] = weight[rows]
    return dense


EMITTERS: Emitters = {
    ("", "Conv"): emit,
}
VERSIONS: Versions = {"CONV_2D": (3, 1), "DEPTHWISE_CONV_2D": (3, 1)}
