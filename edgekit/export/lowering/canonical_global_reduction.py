"""The norm and the maximum of a whole map become operators that every runtime has."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match GlobalMaxPool and GlobalLpPool of any rank."""
    if g.is_op(node, "GlobalMaxPool"):
        return _maximum(node)
    if g.is_op(node, "GlobalLpPool"):
        return _norm(node)
    return False


def _maximum(node: ir.Node) -> bool:
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    if len(shape) == 4:
        kernel = g.shape_of(source)[2:]
        g.replace(node, g.insert(node, "MaxPool", [source], shape, {"kernel_shape": kernel}))
    else:
        g.replace(node, g.insert(node, "ReduceMax", [source, _spatial(node)], shape))
    return True


def _norm(node: ir.Node) -> bool:
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    power = node.attributes.get_int("p", 2)
    if power in (1, 2):
        g.replace(node, g.insert(node, f"ReduceL{power}", [source, _spatial(node)], shape))
        return True
    graph, sizes = g.graph_of(node), g.shape_of(source)
    exponent, root = g.add_scalar(graph, "power", power), g.add_scalar(graph, "root", 1 / power)
    positive = g.insert(node, "Abs", [source], sizes)
    raised = g.insert(node, "Pow", [positive, exponent], sizes)
    total = g.insert(node, "ReduceSum", [raised, _spatial(node)], shape)
    g.replace(node, g.insert(node, "Pow", [total, root], shape))
    return True


def _spatial(node: ir.Node) -> ir.Value:
    axes = np.arange(2, len(g.shape_of(g.operand(node, 0))), dtype=np.int64)
    return g.add_constant(g.graph_of(node), "spatial_axes", axes)
