"""What can be known about a value's range from the graph alone."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.activations import clip_bounds
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
    if traits.non_negative:
        return True
    if g.is_op(node, "Clip"):
        low, high = clip_bounds(node)
        return low >= 0 and high >= 0  # computed bounds are NaN
    if not traits.keeps_sign or not _fills_with_non_negative(node):
        return False
    if traits.order is Order.FOLLOWS or g.is_op(node, "Concat"):
        return all(is_non_negative(item) for item in node.inputs if item is not None)
    return is_non_negative(g.operand(node, 0))


def is_of_sigmoids(value: ir.Value) -> bool:
    """Tell whether ``value`` holds nothing but sigmoids and products of them, from 0 to 1.

    Runtimes have them exact to the last digits of that range, whatever is left of it.
    """
    node = value.producer()
    if node is None:
        return False
    if g.is_op(node, "Sigmoid"):
        return True
    if g.is_op(node, "Concat", "Max", "Min", "Mul", "Where"):
        first = 1 if g.is_op(node, "Where") else 0
        return all(is_of_sigmoids(g.operand(node, i)) for i in range(first, len(node.inputs)))
    return g.is_op(node, *_MOVES) and is_of_sigmoids(g.operand(node, 0))


_MOVES = (
    "Flatten", "Gather", "Identity", "MaxPool", "Reshape", "Slice", "Split", "Squeeze",
    "Transpose", "Unsqueeze",
)  # fmt: skip


def _fills_with_non_negative(node: ir.Node) -> bool:
    """Tell whether what a Pad adds is >= 0; true of every other node, which adds nothing."""
    mode = node.attributes.get_string("mode", "constant")
    if not g.is_op(node, "Pad") or mode != "constant":
        return True  # edges and reflections are elements
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return True  # with zero
    filling = g.scalar(node.inputs[2])
    return filling is not None and filling >= 0
