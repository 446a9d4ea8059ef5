"""A Gather that is MicroNet's two-axis roll becomes edgekit.ChannelRoll for the TFLite writer."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations


def rewrite(node: ir.Node) -> bool:
    """Match the Gather of an image map."""
    order = permutations.of_gather(node)
    groups = None if order is None else permutations.roll_groups(order)
    shape = g.shape_of(node.outputs[0])
    if groups is None or len(shape) != 4:
        return False
    rolled = g.insert(
        node, "ChannelRoll", [g.operand(node, 0)], shape, {"groups": groups}, domain="edgekit"
    )
    g.replace(node, rolled)
    return True
