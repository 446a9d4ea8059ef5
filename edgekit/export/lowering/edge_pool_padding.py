"""Padded max pooling of signed values becomes an unpadded pool over a map with its edges repeated.

A window that reaches padding holds the edge element beside it, and repeating an element changes
no maximum. The usual padding with the lowest float is no operator of the XNNPACK delegate, and
ruins the ranges that int8 calibration measures; slices and concatenations do neither.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match the MaxPool, unless SAME or zeros serve it."""
    pool = windows.of_pool(node)
    if pool is None or node.op_type != "MaxPool" or not pool.pads or pool.is_same:
        return False
    value = g.operand(node, 0)
    for number, axis in zip((2, 3), pool.axes, strict=True):
        parts = [value]
        if axis.begin:
            parts = [_slice(node, value, number, 0)] * axis.begin + parts
        if axis.end:
            parts += [_slice(node, value, number, axis.size - 1)] * axis.end
        if len(parts) > 1:
            shape = list(g.shape_of(value))
            shape[number] = axis.begin + axis.size + axis.end
            value = g.insert(node, "Concat", parts, shape, {"axis": number})
    g.replace(node, windows.unpadded(node, value))
    return True


def _slice(node: ir.Node, value: ir.Value, axis: int, at: int) -> ir.Value:
    """Insert the slice of one element along ``axis``, and return its output."""
    graph = g.graph_of(node)
    starts, ends, axes = (
        g.add_constant(graph, f"edge_{name}", np.array([number], dtype=np.int64))
        for name, number in (("start", at), ("end", at + 1), ("axis", axis))
    )
    shape = list(g.shape_of(value))
    shape[axis] = 1
    return g.insert(node, "Slice", [value, starts, ends, axes], shape)
