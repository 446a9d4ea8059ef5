"""A mean over the whole spatial extent becomes GlobalAveragePool (and a Reshape if flattened).

torch exports adaptive pooling to 1x1 as ReduceMean; both runtimes and both int8 schemes know
GlobalAveragePool better.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import graph as g


def rewrite(node: ir.Node) -> bool:
    """Match ReduceMean over axes {2, 3} of a rank-4 value."""
    if not g.is_op(node, "ReduceMean"):
        return False
    source = g.operand(node, 0)
    shape = g.shape_of(source)
    if len(shape) != 4 or len(node.inputs) < 2:
        return False
    axes = g.constant(node.inputs[1])
    if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3]:
        return False
    pooled_shape = (*shape[:2], 1, 1)
    pooled = g.insert(node, "GlobalAveragePool", [source], pooled_shape)
    if node.attributes.get_int("keepdims", 1) == 0:
        target = g.add_constant(g.graph_of(node), "flat_shape", np.array(shape[:2], dtype=np.int64))
        pooled = g.insert(node, "Reshape", [pooled, target], shape[:2])
    g.replace(node, pooled)
    return True
