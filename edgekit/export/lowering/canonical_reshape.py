"""Flatten, Squeeze and Unsqueeze become Reshape; a Reshape of a Reshape becomes one.

A Reshape that changes nothing disappears. So torch writes as_strided: a Gather of all elements of
a row, which is a Reshape where they stay in their order.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match any of the five."""
    if not g.is_op(node, "Flatten", "Squeeze", "Unsqueeze", "Reshape") and not _takes_all(node):
        return False
    source = g.operand(node, 0)
    shape = g.shape_of(node.outputs[0])
    if g.shape_of(source) == shape and not node.outputs[0].is_graph_output():
        g.replace(node, source)
        return True
    inner = source.producer()
    if inner is not None and g.is_op(inner, "Reshape"):
        source = g.operand(inner, 0)
    elif node.op_type == "Reshape":
        return False
    target = g.add_constant(g.graph_of(node), "shape", np.array(shape, dtype=np.int64))
    g.replace(node, g.insert(node, "Reshape", [source, target], shape))
    return True


def _takes_all(node: ir.Node) -> bool:
    """Tell whether a Gather takes every element of a row once, in their order."""
    indices = g.constant(node.inputs[1]) if g.is_op(node, "Gather") else None
    shape = g.shape_of(g.operand(node, 0)) if indices is not None else ()
    return (
        indices is not None
        and len(shape) == 1
        and bool(np.array_equal(indices.reshape(-1), np.arange(shape[0])))
    )
