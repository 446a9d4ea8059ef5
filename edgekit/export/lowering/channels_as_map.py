"""A global average takes a value of any rank as a map: whatever lies behind the channels."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the GlobalAveragePool of a value that is no map."""
    if not g.is_op(node, "GlobalAveragePool"):
        return False
    source = g.operand(node, 0)
    sizes = g.shape_of(source)
    if len(sizes) == 4:
        return False
    first = sizes[2] if len(sizes) > 3 else 1
    map_ = g.reshaped(node, source, (*sizes[:2], first, math.prod(sizes[2:]) // first))
    pooled = g.insert(node, node.op_type, [map_], (*sizes[:2], 1, 1))
    g.replace(node, g.reshaped(node, pooled, g.shape_of(node.outputs[0])))
    return True
