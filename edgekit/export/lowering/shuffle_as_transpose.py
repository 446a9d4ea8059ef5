"""A channel shuffle as reshape, transpose, reshape: the form in which networks are written."""

from __future__ import annotations

import numpy as np
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
    batch, channels, height, width = shape
    split = (batch, groups, channels // groups, height, width)
    swapped = (batch, channels // groups, groups, height, width)
    graph = g.graph_of(node)
    sizes = [
        g.add_constant(graph, name, np.array(each, np.int64))
        for name, each in (("split_channels", split), ("joined_channels", shape))
    ]
    value = g.insert(node, "Reshape", [g.operand(node, 0), sizes[0]], split)
    value = g.insert(node, "Transpose", [value], swapped, {"perm": (0, 2, 1, 3, 4)})
    g.replace(node, g.insert(node, "Reshape", [value, sizes[1]], shape))
    return True
