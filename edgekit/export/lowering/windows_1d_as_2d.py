"""Convolutions and pools along one axis slide over a map of height one."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows

_BEFORE = {
    "kernel_shape": (1,),
    "strides": (1,),
    "dilations": (1,),
    "pads": (0, 0),
    "output_padding": (0,),
}
"""What each attribute says of the new axis, which is the first."""


def rewrite(node: ir.Node) -> bool:
    """Match a window over a value of rank 3."""
    if not windows.is_windowed(node) or len(g.shape_of(g.operand(node, 0))) != 3:
        return False
    batch, channels, length = g.shape_of(g.operand(node, 0))
    inputs: list[ir.Value | None] = list(node.inputs)
    inputs[0] = g.reshaped(node, g.operand(node, 0), (batch, channels, 1, length))
    if node.op_type in ("Conv", "ConvTranspose"):
        weight = g.operand(node, 1)
        outer, inner, size = g.shape_of(weight)
        inputs[1] = g.reshaped(node, weight, (outer, inner, 1, size))
    attributes = windows.scalars(node)
    for name, first in _BEFORE.items():
        given = tuple(node.attributes.get_ints(name, ()))
        if given:
            half = len(given) // len(first)
            attributes[name] = [
                number
                for place, one in enumerate(first)
                for number in (one, *given[place * half : (place + 1) * half])
            ]
    shape = g.shape_of(node.outputs[0])
    made = g.insert(node, node.op_type, inputs, (*shape[:2], 1, shape[2]), attributes)
    g.replace(node, g.reshaped(node, made, shape))
    return True
