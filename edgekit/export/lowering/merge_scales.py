"""Multiplying by one scalar after another becomes one multiplication."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the second multiplication."""
    outer = scaled(node)
    if outer is None:
        return False
    source, factor = outer
    inner_node = source.producer()
    inner = scaled(inner_node) if inner_node is not None else None
    if inner is None or g.sole_consumer(source) is not node:
        return False
    product = g.add_scalar(g.graph_of(node), "scale", factor * inner[1])
    g.replace(node, g.insert(node, "Mul", [inner[0], product], g.shape_of(source)))
    return True


def scaled(node: ir.Node) -> tuple[ir.Value, float] | None:
    """Return (x, factor) if ``node`` is x times a scalar constant of no higher rank, else None."""
    if not g.is_op(node, "Mul"):
        return None
    for source_index, factor_index in ((0, 1), (1, 0)):
        factor = g.scalar(node.inputs[factor_index])
        source = g.operand(node, source_index)
        if factor is not None and g.shape_of(source) == g.shape_of(node.outputs[0]):
            return source, factor
    return None
