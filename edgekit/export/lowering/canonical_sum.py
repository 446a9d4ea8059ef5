"""Sum, Mean, Max and Min of many values become chains of two."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_PAIRWISE = {"Sum": "Add", "Mean": "Add", "Max": "Max", "Min": "Min"}


def rewrite(node: ir.Node) -> bool:
    """Match one of three values or more, and Sum and Mean of two."""
    most = 1 if node.op_type in ("Sum", "Mean") else 2
    if not g.is_op(node, *_PAIRWISE) or len(node.inputs) <= most:
        return False
    total = g.operand(node, 0)
    for index in range(1, len(node.inputs)):
        value = g.operand(node, index)
        shape = np.broadcast_shapes(g.shape_of(total), g.shape_of(value))
        total = g.insert(node, _PAIRWISE[node.op_type], [total, value], shape)
    if node.op_type == "Mean":
        share = g.add_scalar(g.graph_of(node), "share", 1 / len(node.inputs))
        total = g.insert(node, "Mul", [total, share], g.shape_of(total))
    g.replace(node, total)
    return True
