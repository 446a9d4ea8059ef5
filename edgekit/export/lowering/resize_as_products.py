"""A Resize that LiteRT has no operator for becomes products with constant matrices, one an axis.

Cubic and antialiased resampling, and coordinates that no option of LiteRT's operators names. Where
single elements are copied, the writer gathers them.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import resampling
from edgekit.export.graph import nodes as g
from edgekit.export.resampling import Sampling


def rewrite(node: ir.Node) -> bool:
    """Match the Resize, which is one of the height and width of a map by now."""
    if not g.is_op(node, "Resize"):
        return False
    samplings = resampling.of(node)
    if not samplings:
        return False
    if resampling.litert_flags(node, samplings) is not None:
        return False
    if all(each.picks is not None for each in samplings):
        return False
    value = g.operand(node, 0)
    for each in samplings:
        value = _product(node, value, each)
    g.replace(node, value)
    return True


def _product(node: ir.Node, value: ir.Value, sampling: Sampling) -> ir.Value:
    graph, swap = g.graph_of(node), (0, 1, 3, 2)
    value = value if sampling.axis == 3 else g.transposed(node, value, swap)
    matrix = g.add_constant(graph, "resampling", np.ascontiguousarray(sampling.weights.T))
    shape = (*g.shape_of(value)[:3], sampling.weights.shape[0])
    value = g.insert(node, "MatMul", [value, matrix], shape)
    if sampling.offset.any():
        offset = g.add_constant(graph, "outside", sampling.offset)
        value = g.insert(node, "Add", [value, offset], shape)
    return value if sampling.axis == 3 else g.transposed(node, value, swap)
