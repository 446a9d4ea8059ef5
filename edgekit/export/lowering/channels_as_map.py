"""What treats all places of a channel alike takes a value of any rank as a map.

A global average and a batch norm care for the channels only, whatever lies behind them.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match such an operator on a value that is no map."""
    is_pool = g.is_op(node, "GlobalAveragePool")
    if not is_pool and not g.is_op(node, "BatchNormalization"):
        return False
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    sizes = g.shape_of(source)
    if len(sizes) == 4 or len(sizes) < 2 or len(node.outputs) != 1:
        return False
    first = sizes[2] if len(sizes) > 3 else 1
    inputs: list[ir.Value | None] = list(node.inputs)
    form = (*sizes[:2], first, math.prod(sizes[2:]) // first)
    inputs[0] = g.reshaped(node, source, form)
    attributes = g.plain_attributes(node)
    made = (*sizes[:2], 1, 1) if is_pool else form
    g.replace(node, g.reshaped(node, g.insert(node, node.op_type, inputs, made, attributes), shape))
    return True
