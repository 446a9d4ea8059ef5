"""A softmax over an axis with several behind it runs over the columns of a matrix.

ONNX Runtime exchanges the axis with the last one, and back. With one axis between them that moves
number by number; the axis beside the last is a plain matrix transposed. The reshapes move nothing.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import is_integer


def rewrite(node: ir.Node) -> bool:
    """Match a float32 softmax, its logarithm or the place of its peak."""
    if not g.is_op(node, "Softmax", "LogSoftmax", "Hardmax") or is_integer(node):
        return False
    source = g.operand(node, 0)
    shape = g.shape_of(source)
    axis = node.attributes.get_int("axis", -1) % len(shape)
    behind = shape[axis + 1 :]
    if sum(size > 1 for size in behind) < 2:
        return False
    columns = (math.prod(shape[:axis]), shape[axis], math.prod(behind))
    flat = g.reshaped(node, source, columns)
    made = g.insert(node, node.op_type, [flat], columns, {"axis": 1})
    g.replace(node, g.reshaped(node, made, shape))
    return True
