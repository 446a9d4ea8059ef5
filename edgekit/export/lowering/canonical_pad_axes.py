"""A Pad of some axes says how much of all of them."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a Pad with constant axes."""
    if not g.is_op(node, "Pad") or len(node.inputs) < 4:
        return False
    amounts, axes = g.constant(node.inputs[1]), g.constant(node.inputs[3])
    if amounts is None or axes is None:
        return False
    shape = g.shape_of(g.operand(node, 0))
    full = np.zeros((2, len(shape)), np.int64)
    full[:, axes % len(shape)] = amounts.reshape(2, -1)
    pads = g.add_constant(g.graph_of(node), "pads", full.reshape(-1))
    inputs = [node.inputs[0], pads, node.inputs[2]]
    mode = {"mode": node.attributes.get_string("mode", "constant")}
    g.replace(node, g.insert(node, "Pad", inputs, g.shape_of(node.outputs[0]), mode))
    return True
