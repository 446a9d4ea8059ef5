"""Layers that ONNX Runtime computes faster in float32, conversions included, than on integers."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of

_MOST_INPUTS, _MOST_OUTPUTS = 4, 8
"""Channels. The integer kernel pays for every place of a map, however few numbers it makes there: 3
channels to 2 take 2.6 times as long as in float32, 3 to 8 take 1.3 times, 3 to 16 as long."""

_LEAST_PLACES = 48 * 48
"""With fewer there is little to gain."""


def is_one(node: ir.Node) -> bool:
    """Tell whether a node is such a layer.

    Args:
        node: an integer node of an encoded graph.
    """
    if not g.is_op(node, "Conv") or "scales" not in node.meta:
        return False
    source, stored = g.operand(node, 0), affine_of(node.inputs[0])
    if stored is None or stored.bits != 8 or node.attributes.get_int("group", 1) != 1:
        return False
    window, made = g.shape_of(g.operand(node, 1))[2:], g.shape_of(node.outputs[0])
    few = g.shape_of(source)[1] <= _MOST_INPUTS and made[1] <= _MOST_OUTPUTS
    return few and math.prod(window) > 1 and math.prod(made[2:]) >= _LEAST_PLACES
