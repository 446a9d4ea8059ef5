"""A GatherND that goes through a batch side by side names the place in the batch as well."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a GatherND with ``batch_dims``."""
    batched = node.attributes.get_int("batch_dims", 0) if g.is_op(node, "GatherND") else 0
    if not batched:
        return False
    build, indices = Building(node), g.operand(node, 1)
    shape = g.shape_of(indices)
    kind = np.dtype(np.int64) if indices.dtype is None else indices.dtype.numpy()
    places = np.moveaxis(np.indices(shape[:-1])[:batched], 0, -1).astype(kind)
    full = build.concat([build.constant(places), indices], len(shape) - 1)
    source, result = g.operand(node, 0), g.shape_of(node.outputs[0])
    g.replace(node, build.apply("GatherND", source, full, shape=result))
    return True
