"""What can be known about a value's range from the graph alone."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.operators import Order


def is_non_negative(value: ir.Value) -> bool:
    """Tell whether every element of ``value`` is certainly >= 0."""
    array = g.constant(value)
    if array is not None:
        return bool((array >= 0).all())
    node = value.producer()
    if node is None:
        return False
    traits = operators.of(node)
    if node.meta.get("activation") in ("RELU", "RELU6") or traits.non_negative:
        return True
    if g.is_op(node, "Clip"):
        low = g.scalar(node.inputs[1]) if len(node.inputs) > 1 else None
        return low is not None and low >= 0
    if not traits.keeps_sign:
        return False
    if traits.order is Order.FOLLOWS or g.is_op(node, "Concat"):
        return all(is_non_negative(item) for item in node.inputs if item is not None)
    return is_non_negative(g.operand(node, 0))
