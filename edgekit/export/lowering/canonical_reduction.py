"""A reduction that names no axes names all of them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a reduction whose axes are absent or empty, and which then reduces."""
    if node.domain or not node.op_type.startswith("Reduce"):
        return False
    if node.attributes.get_int("noop_with_empty_axes", 0):
        return False
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        named = g.constant(node.inputs[1])
        if named is None or named.size:
            return False
    axes = np.arange(len(g.shape_of(g.operand(node, 0))), dtype=np.int64)
    if not axes.size:
        return False
    node.resize_inputs(2)
    node.replace_input_with(1, g.add_constant(g.graph_of(node), "all_axes", axes))
    return True
