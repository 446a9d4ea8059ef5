"""Windowed and global pooling."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.tflite.emit import activation, spatial
from edgekit.export.tflite.writer import Writer, refuse

_LOWEST = float(np.finfo(np.float32).min)


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit MAX_POOL_2D or AVERAGE_POOL_2D.

    SAME never counts or compares its padding. A max pool that cannot use it is padded with the
    lowest float, outside the delegate; ``explicit_pool_padding`` finds the better form first.
    """
    kernel = tuple(node.attributes.get_ints("kernel_shape", ()))
    if len(kernel) != 2:
        raise refuse(node, "only 2-D pooling is supported", "unsupported-rank")
    window = spatial.window_of(node, (kernel[0], kernel[1]))
    if window.dilations != (1, 1):
        raise refuse(node, "dilated pooling is not supported", "unsupported-dilation")
    source, padding = spatial.padded_input(writer, node, window, fill=_LOWEST)
    is_average = node.op_type == "AveragePool"
    counts = node.attributes.get_int("count_include_pad", 0) == 1
    is_padded = source != writer.tensor(node.inputs[0])
    if is_average and (is_padded or (counts and padding == spatial.SAME)):
        raise refuse(node, "this padding of an average is not supported", "unsupported-padding")
    values = {
        "padding": padding,
        "strideH": window.strides[0],
        "strideW": window.strides[1],
        "filterHeight": kernel[0],
        "filterWidth": kernel[1],
        "fusedActivationFunction": activation.fused(node),
    }
    code = "MAX_POOL_2D" if node.op_type == "MaxPool" else "AVERAGE_POOL_2D"
    writer.emit(code, [source], [writer.output(node.outputs[0])], "Pool2DOptions", values)


def emit_global(writer: Writer, node: ir.Node) -> None:
    """Emit MEAN over height and width."""
    axes = writer.constant("spatial_axes", np.array([1, 2], dtype=np.int32))
    keeps = len(g.shape_of(node.outputs[0])) == 4
    writer.emit(
        "MEAN",
        [writer.tensor(node.inputs[0]), axes],
        [writer.output(node.outputs[0])],
        "ReducerOptions",
        {"keepDims": keeps},
    )
