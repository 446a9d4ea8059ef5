"""Windowed and global pooling."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders, windows
from edgekit.export.graph.annotations import KEEPS_RANK
from edgekit.export.tflite.emit import activation, spatial
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit MAX_POOL_2D or AVERAGE_POOL_2D.

    SAME never counts or compares its padding. The lowering rules have turned all other padding,
    windows with gaps, and those over other ranks, into operators of their own.
    """
    if windows.has_indices(node):
        raise refuse(node, "the indices of the largest elements", "second-output")
    axes = spatial.windows_of(node)
    reason = "unsupported-rank" if len(axes) != 2 else "pool-windows"
    if len(axes) != 2 or not windows.is_windowed(node):
        raise refuse(node, "pooling with these windows", reason)
    source, padding = spatial.padded_input(writer, node, axes)
    if source != writer.tensor(node.inputs[0], orders.channels_last(4)):
        raise refuse(node, "this padding", "pool-padding")
    values = {
        "padding": padding,
        "strideH": axes[0].stride,
        "strideW": axes[1].stride,
        "filterHeight": axes[0].kernel,
        "filterWidth": axes[1].kernel,
        "fusedActivationFunction": activation.fused(node),
    }
    code = "MAX_POOL_2D" if node.op_type == "MaxPool" else "AVERAGE_POOL_2D"
    writer.emit(code, [source], [writer.output(node.outputs[0])], "Pool2DOptions", values)


def emit_global(writer: Writer, node: ir.Node) -> None:
    """Emit MEAN over height and width."""
    if len(g.shape_of(g.operand(node, 0))) != 4:
        raise refuse(node, "a value without places", "unsupported-rank")
    axes = writer.constant("spatial_axes", np.array([1, 2], dtype=np.int32))
    source = writer.tensor(node.inputs[0], orders.channels_last(4))
    keeps, options = len(g.shape_of(node.outputs[0])) == 4, "ReducerOptions"
    if keeps or KEEPS_RANK not in node.meta:
        output = writer.output(node.outputs[0])
        writer.emit("MEAN", [source, axes], [output], options, {"keepDims": keeps})
        return
    batch, channels = g.shape_of(node.outputs[0])
    name = f"{node.outputs[0].name}_map"
    pooled = writer.temporary(name, (batch, 1, 1, channels), source)
    writer.emit("MEAN", [source, axes], [pooled], options, {"keepDims": True})
    writer.reshape(pooled, (batch, channels), name, writer.output(node.outputs[0]))


EMITTERS: Emitters = {
    ("", "AveragePool"): emit,
    ("", "GlobalAveragePool"): emit_global,
    ("", "MaxPool"): emit,
    ("edgekit", "SpatialMean"): emit_global,
}
VERSIONS: Versions = {"AVERAGE_POOL_2D": (2, 3), "MAX_POOL_2D": (2, 3), "MEAN": (2, 3)}
