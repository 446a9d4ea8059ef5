"""The largest of a whole map is a pool with one window: what the XNNPACK delegate and int8 know."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match GlobalMaxPool of a map."""
    if not g.is_op(node, "GlobalMaxPool") or len(g.shape_of(g.operand(node, 0))) != 4:
        return False
    source = g.operand(node, 0)
    batch, channels, *kernel = g.shape_of(source)
    attributes: dict[str, g.AttributeValue] = {"kernel_shape": kernel}
    g.replace(node, g.insert(node, "MaxPool", [source], (batch, channels, 1, 1), attributes))
    return True
