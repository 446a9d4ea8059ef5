"""OneHot becomes a choice between its two values where an index is the place, or ends there.

TFLite's ONE_HOT knows no indices that count from the end.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a OneHot of constant depth."""
    depth = g.scalar(node.inputs[1]) if g.is_op(node, "OneHot") else None
    if depth is None:
        return False
    build, indices, shape = Building(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    axis = node.attributes.get_int("axis", -1) % len(shape)
    spread = build.reshape(indices, [1 if d == axis else n for d, n in enumerate(shape)])
    places = np.arange(int(depth)).reshape([-1 if d == axis else 1 for d in range(len(shape))])
    kind = np.dtype(np.int64) if indices.dtype is None else indices.dtype.numpy()
    found = [
        build.apply("Equal", spread, build.constant(each.astype(kind)), dtype=ir.DataType.BOOL)
        for each in (places, places - int(depth))
    ]
    off, on = (build.reshape(part, ()) for part in build.parts(g.operand(node, 2), 0, 2))
    either = build.apply("Or", *found)
    g.replace(node, build.apply("Where", either, on, off, dtype=on.dtype))
    return True
