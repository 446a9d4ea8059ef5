"""A Pad before a maximum names its axes, so that ONNX Runtime leaves it alone.

ONNX Runtime 1.31 takes a Pad with zero into the MaxPool that reads it, where the border is minus
infinity: other numbers, or a window smaller than its border, which it then refuses. It passes over
a Pad that has the operand `axes`.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of
from edgekit.export.graph.value_ranges import is_non_negative


def rewrite(node: ir.Node) -> bool:
    """Match a Pad of what may be negative, with a constant, that a MaxPool reads."""
    if not g.is_op(node, "Pad") or len(node.inputs) > 3:
        return False
    if not any(g.is_op(reader, "MaxPool") for reader, _ in node.outputs[0].uses()):
        return False
    if node.attributes.get_string("mode", "constant") != "constant":
        return False
    if affine_of(node.outputs[0]) is not None:
        return False  # the pair that rounds it stands between
    source = g.operand(node, 0)
    if is_non_negative(source):
        return False
    axes = np.arange(len(g.shape_of(source)), dtype=np.int64)
    named = g.add_constant(g.graph_of(node), "pad_axes", axes)
    filling = node.inputs[2] if len(node.inputs) > 2 else None
    inputs = [source, node.inputs[1], filling, named]
    g.replace(node, g.insert(node, "Pad", inputs, g.shape_of(node.outputs[0])))
    return True
