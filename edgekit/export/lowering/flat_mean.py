"""Global pooling that is flattened at once becomes edgekit.SpatialMean, one operator."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the Reshape, (N, C, 1, 1) to (N, C)."""
    if not g.is_op(node, "Reshape"):
        return False
    pooled = g.operand(node, 0)
    pool = pooled.producer()
    shape = g.shape_of(node.outputs[0])
    if pool is None or not g.is_op(pool, "GlobalAveragePool") or shape != g.shape_of(pooled)[:2]:
        return False
    if g.sole_consumer(pooled) is not node:
        return False
    mean = g.insert(node, "SpatialMean", [g.operand(pool, 0)], shape, domain="edgekit")
    g.replace(node, mean)
    return True
