"""A pool over a volume becomes one over its slices and one across them.

The largest of a box is the largest of its slices' largest ones; averages and powers nest likewise.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match the pool of a value of rank 5 without computed indices."""
    if not windows.is_windowed(node) or node.op_type in ("Conv", "ConvTranspose"):
        return False
    source = g.operand(node, 0)
    if len(g.shape_of(source)) != 5:
        return False
    batch, channels, depth, height, width = g.shape_of(source)
    out = g.shape_of(node.outputs[0])[2:]
    value = g.transposed(node, source, (0, 2, 1, 3, 4))
    value = g.reshaped(node, value, (batch * depth, channels, height, width))
    shape: tuple[int, ...] = (batch * depth, channels, *out[1:])
    value = g.insert(node, node.op_type, [value], shape, windows.of_axes(node, (1, 2)))
    value = g.reshaped(node, value, (batch, depth, channels, *out[1:]))
    value = g.transposed(node, value, (0, 2, 1, 3, 4))
    value = g.reshaped(node, value, (batch, channels, depth, out[1] * out[2]))
    shape = (batch, channels, out[0], out[1] * out[2])
    value = g.insert(node, node.op_type, [value], shape, windows.of_axes(node, (0, None)))
    g.replace(node, g.reshaped(node, value, (batch, channels, *out)))
    return True
