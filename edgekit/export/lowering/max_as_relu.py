"""The larger of two values as b + relu(a - b): the XNNPACK delegate has no int8 maximum."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match Max of two computed values of one shape."""
    if not g.is_op(node, "Max") or len(node.inputs) != 2:
        return False
    first, second = g.operand(node, 0), g.operand(node, 1)
    shape = g.shape_of(node.outputs[0])
    if any(
        g.constant(value) is not None or g.shape_of(value) != shape
        for value in node.inputs
        if value
    ):
        return False
    difference = g.insert(node, "Sub", [first, second], shape)
    above = g.insert(node, "Relu", [difference], shape)
    g.replace(node, g.insert(node, "Add", [second, above], shape))
    return True
