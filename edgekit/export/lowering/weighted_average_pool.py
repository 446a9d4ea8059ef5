"""Average pooling whose windows divide by differing counts: Pad, an unpadded pool, and a factor.

The plain pool divides by the whole window. What it should have divided by depends on the place
alone, so the ratio is a constant map.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match AveragePool with padding that neither SAME nor zeros express.

    `edge_pool_padding` has left no such MaxPool.
    """
    pool = windows.of_pool(node)
    if pool is None:
        return False
    counts = node.attributes.get_int("count_include_pad", 0) == 1
    if pool.is_same and not counts:
        return False
    height, width = (
        axis.shares(declared if counts else None)
        for axis, declared in zip(pool.axes, pool.declared_ends, strict=True)
    )
    whole = pool.axes[0].kernel * pool.axes[1].kernel
    ratio = (whole / np.outer(height, width)).astype(np.float32)
    if (ratio == 1).all():
        return False  # all windows are whole, or explicit_pool_padding has them
    pooled = windows.unpadded(node, windows.zero_padded(node, pool))
    factor = g.add_constant(g.graph_of(node), f"{g.label(node)}_share", ratio[None, None])
    g.replace(node, g.insert(node, "Mul", [pooled, factor], g.shape_of(pooled)))
    return True
