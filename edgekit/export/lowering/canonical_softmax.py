"""A softmax over a flattened map that varies along one axis only becomes a softmax of that axis.

That is what a softmax of an opset below 13 meant nearly everywhere.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the Reshape back, behind a softmax of a matrix's rows, behind a Reshape."""
    if not g.is_op(node, "Reshape"):
        return False
    softmax = g.operand(node, 0).producer()
    if softmax is None or not g.is_op(softmax, "Softmax", "LogSoftmax", "Hardmax"):
        return False
    matrix = g.operand(softmax, 0)
    flatten = matrix.producer()
    if flatten is None or not g.is_op(flatten, "Reshape") or len(g.shape_of(matrix)) != 2:
        return False
    source = g.operand(flatten, 0)
    shape = g.shape_of(source)
    axis = _only_axis(shape, g.shape_of(matrix))
    last = softmax.attributes.get_int("axis", -1) in (-1, 1)
    if not last or axis is None or shape != g.shape_of(node.outputs[0]):
        return False
    g.replace(node, g.insert(node, softmax.op_type, [source], shape, {"axis": axis}))
    return True


def _only_axis(shape: tuple[int, ...], matrix: tuple[int, ...]) -> int | None:
    """Return the one axis that makes the matrix's rows; None if several do."""
    for first in range(len(shape) + 1):
        if math.prod(shape[:first]) == matrix[0]:
            long = [axis for axis in range(first, len(shape)) if shape[axis] != 1]
            if len(long) == 1:
                return long[0]
    return None
