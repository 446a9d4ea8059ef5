"""Elementwise operators behind a flattened height of one work on the map, before it is flattened.

So a chain of one-axis convolutions stays a chain of map convolutions, with fused activations.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.operators import Order


def rewrite(node: ir.Node) -> bool:
    """Match an elementwise operator or a Concat that reads (N, C, L) made of (N, C, 1, L)."""
    joins = g.is_op(node, "Concat")
    follows = operators.of(node).order is Order.FOLLOWS
    shape = g.shape_of(node.outputs[0]) if node.outputs[0].shape is not None else ()
    if not (joins or follows) or len(node.outputs) != 1 or len(shape) != 3:
        return False
    if not any(_map_behind(value) is not None for value in node.inputs):
        return False
    attributes = g.plain_attributes(node)
    if joins:
        axis = node.attributes.get_int("axis", 0) % 3
        attributes["axis"] = axis + (axis == 2)
    inputs = [_lifted(node, value) for value in node.inputs]
    made = g.insert(node, node.op_type, inputs, (*shape[:2], 1, shape[2]), attributes)
    made.type = node.outputs[0].type
    g.replace(node, g.reshaped(node, made, shape))
    return True


def _map_behind(value: ir.Value | None) -> ir.Value | None:
    """Return the map of height one that ``value`` is made of by leaving out its height."""
    producer = None if value is None else value.producer()
    if value is None or producer is None or not g.is_op(producer, "Reshape"):
        return None
    source, shape = g.operand(producer, 0), g.shape_of(value)
    is_flat = len(shape) == 3 and g.shape_of(source) == (*shape[:2], 1, shape[2])
    return source if is_flat else None


def _lifted(node: ir.Node, value: ir.Value | None) -> ir.Value | None:
    """Return an operand with the height put in before its last axis, where it has one."""
    behind = _map_behind(value)
    if value is None or behind is not None:
        return behind
    shape = g.shape_of(value)
    if len(shape) < 2:
        return value
    form = (*shape[:-1], 1, shape[-1])
    array = g.constant(value)
    if array is not None:
        return g.add_constant(g.graph_of(node), f"{value.name}_map", np.reshape(array, form))
    return g.reshaped(node, value, form)
