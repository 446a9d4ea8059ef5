"""What changes nothing disappears: casts to the same type, sums of one, slices of all.

So does the maximum of a layer's results and the lowest number, by which edgekit's own integer files
for ONNX Runtime keep a layer from its integer kernel.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_OF_ONE = ("Concat", "Max", "Mean", "Min", "Sum")


def rewrite(node: ir.Node) -> bool:
    """Match a node whose result is its first input; none between an input and an output.

    Dropout is one: training mode was refused as the file was read.
    """
    if not _changes_nothing(node):
        return False
    source, output = g.operand(node, 0), node.outputs[0]
    if g.is_op(node, "Dropout"):
        node.resize_outputs(1)
    if output.is_graph_output() and (source.producer() is None or source.is_graph_output()):
        if node.op_type == "Identity":
            return False
        g.replace(node, g.insert(node, "Identity", [source], g.shape_of(source)))
        return True
    g.replace(node, source)
    return True


def _changes_nothing(node: ir.Node) -> bool:
    if g.is_op(node, "Identity"):
        return True
    if g.is_op(node, "Dropout"):
        return not any(value.uses() or value.is_graph_output() for value in node.outputs[1:])
    if g.is_op(node, "Cast"):
        source = g.operand(node, 0)
        return source.dtype is not None and source.dtype == node.outputs[0].dtype
    if g.is_op(node, *_OF_ONE):
        return len(node.inputs) == 1 or _is_above_all(node)
    if g.is_op(node, "Transpose"):
        perm = list(node.attributes.get_ints("perm", ()))
        return bool(perm) and perm == sorted(perm)
    if g.is_op(node, "Pad"):
        return _all(node, 1, 0)
    if g.is_op(node, "Tile"):
        return _all(node, 1, 1)
    if g.is_op(node, "Expand"):
        return _keeps_shape(node)
    if g.is_op(node, "Slice"):
        return _keeps_shape(node) and (len(node.inputs) < 5 or _all(node, 4, 1))
    return False


def _is_above_all(node: ir.Node) -> bool:
    """Tell whether it is the maximum of the lowest number and what a layer makes, no infinity."""
    floor = g.scalar(node.inputs[1]) if g.is_op(node, "Max") and len(node.inputs) == 2 else None
    if floor is None or floor > float(np.finfo(np.float32).min):
        return False
    return g.is_op(g.operand(node, 0).producer(), "Conv", "Gemm") and _keeps_shape(node)


def _keeps_shape(node: ir.Node) -> bool:
    return g.shape_of(g.operand(node, 0)) == g.shape_of(node.outputs[0])


def _all(node: ir.Node, index: int, number: int) -> bool:
    array = g.constant(node.inputs[index])
    return array is not None and bool(np.all(array == number))
