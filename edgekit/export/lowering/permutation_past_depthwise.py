"""A channel permutation between a depthwise convolution and the next one moves behind the first.

There the next convolution may take it in; and behind a stride there is less to move.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.lowering import permutation
from edgekit.export.lowering.permutation_into_conv import (
    following_conv,
    has_constants,
    reorder_outputs,
)


def rewrite(node: ir.Node) -> bool:
    """Match the permutation; a plain depthwise convolution alone reads it, and another that one."""
    order = permutation.of_gather(node)
    conv = g.sole_consumer(node.outputs[0])
    if order is None or conv is None or not _is_plain_depthwise(conv):
        return False
    if following_conv(conv) is None:
        return False
    reorder_outputs(conv, np.argsort(order))
    indices = g.operand(node, 1)
    g.replace(node, g.operand(node, 0))
    result = conv.outputs[0]
    behind = ir.node("Gather", [result, indices], attributes={"axis": 1})
    moved = behind.outputs[0]
    moved.shape, moved.type = result.shape, result.type
    g.graph_of(conv).insert_after(conv, behind)
    for use in list(result.uses()):
        if use.node is not behind:
            use.node.replace_input_with(use.idx, moved)
    return True


def _is_plain_depthwise(node: ir.Node) -> bool:
    if not has_constants(node):
        return False
    outputs, per_group = g.shape_of(g.operand(node, 1))[:2]
    return per_group == 1 and node.attributes.get_int("group", 1) == outputs > 1
