"""Two channel permutations in a row become one; the identity becomes nothing.

Shuffles of C channels are multiplications by the group count modulo C - 1, so the two
shuffles between MicroNet's blocks often merge into a single shuffle, or cancel.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations


def rewrite(node: ir.Node) -> bool:
    """Match the second permutation, or a lone identity."""
    outer = permutations.of_gather(node)
    if outer is None:
        return False
    source = g.operand(node, 0)
    inner_node = source.producer()
    inner = permutations.of_gather(inner_node)
    if inner is not None and inner_node is not None:
        indices = g.add_constant(g.graph_of(node), "channel_permutation", inner[outer])
        inputs = [g.operand(inner_node, 0), indices]
        g.replace(node, g.insert(node, "Gather", inputs, g.shape_of(source), {"axis": 1}))
        return True
    if np.array_equal(outer, np.arange(len(outer))) and not node.outputs[0].is_graph_output():
        g.replace(node, source)
        return True
    return False
