"""A mean over the whole spatial extent becomes GlobalAveragePool (and a Reshape if flattened).

torch exports adaptive pooling to 1x1 as ReduceMean, and many networks end in an average over
windows as large as the map; both runtimes and both int8 schemes know GlobalAveragePool better.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match ReduceMean over axes {2, 3} of a rank-4 value, or an AveragePool of one window."""
    if not (_is_spatial_mean(node) or _is_one_window(node)):
        return False
    source = g.operand(node, 0)
    shape = g.shape_of(source)
    pooled = g.insert(node, "GlobalAveragePool", [source], (*shape[:2], 1, 1))
    if g.is_op(node, "ReduceMean") and node.attributes.get_int("keepdims", 1) == 0:
        target = g.add_constant(g.graph_of(node), "flat_shape", np.array(shape[:2], dtype=np.int64))
        pooled = g.insert(node, "Reshape", [pooled, target], shape[:2])
    g.replace(node, pooled)
    return True


def _is_spatial_mean(node: ir.Node) -> bool:
    if not g.is_op(node, "ReduceMean") or len(node.inputs) < 2:
        return False
    axes = g.constant(node.inputs[1])
    if axes is None or len(g.shape_of(g.operand(node, 0))) != 4:
        return False
    return sorted(int(axis) % 4 for axis in axes) == [2, 3]


def _is_one_window(node: ir.Node) -> bool:
    pool = windows.of_pool(node) if g.is_op(node, "AveragePool") else None
    return (
        pool is not None and not pool.pads and all(axis.kernel == axis.size for axis in pool.axes)
    )
