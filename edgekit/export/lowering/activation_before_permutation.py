"""An activation after a channel permutation moves before it, where it can fuse."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations


def rewrite(node: ir.Node) -> bool:
    """Match the activation."""
    if not g.is_op(node, "Relu", "Clip", "HardSwish") or node.outputs[0].is_graph_output():
        return False
    permuted = g.operand(node, 0)
    gather = permuted.producer()
    if gather is None or permutations.of_gather(gather) is None:
        return False
    if g.sole_consumer(permuted) is not node:
        return False
    shape = g.shape_of(permuted)
    activated = g.insert(node, node.op_type, [g.operand(gather, 0), *node.inputs[1:]], shape)
    g.replace(node, g.insert(node, "Gather", [activated, gather.inputs[1]], shape, {"axis": 1}))
    return True
