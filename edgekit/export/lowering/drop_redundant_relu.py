"""ReLU of a value that is never negative disappears."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import value_ranges


def rewrite(node: ir.Node) -> bool:
    """Match the ReLU."""
    if not g.is_op(node, "Relu") or node.outputs[0].is_graph_output():
        return False
    source = g.operand(node, 0)
    if not value_ranges.is_non_negative(source):
        return False
    g.replace(node, source)
    return True
