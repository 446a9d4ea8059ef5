"""A Gather that is a channel shuffle becomes edgekit.ChannelShuffle for the TFLite writer.

The delegate takes no GATHER; the writer emits reshape, transpose, reshape in NHWC.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations


def rewrite(node: ir.Node) -> bool:
    """Match the Gather of an image map."""
    order = permutations.of_gather(node)
    groups = None if order is None else permutations.shuffle_groups(order)
    shape = g.shape_of(node.outputs[0])
    if groups is None or len(shape) != 4:
        return False
    attributes = {"groups": groups}
    shuffled = g.insert(
        node, "ChannelShuffle", [g.operand(node, 0)], shape, attributes, domain="edgekit"
    )
    g.replace(node, shuffled)
    return True
