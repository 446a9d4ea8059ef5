"""TensorScatter becomes a ScatterND of the update's rows, at places counted from the index."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the operator."""
    if not g.is_op(node, "TensorScatter"):
        return False
    build, cache, update = Building(node), g.operand(node, 0), g.operand(node, 1)
    shape = g.shape_of(cache)
    axis = node.attributes.get_int("axis", -2) % len(shape)
    front, length, rest = shape[:axis], shape[axis], shape[axis + 1 :]
    count = g.shape_of(update)[axis]
    rows, width = math.prod(front), math.prod(rest)
    steps = np.tile(np.arange(count, dtype=np.int64), (rows, 1))
    first = np.arange(rows, dtype=np.int64).reshape(-1, 1) * length
    places = build.constant(steps, "steps")
    index = node.inputs[2] if len(node.inputs) > 2 else None
    if index is not None:
        each = np.repeat(np.arange(shape[0], dtype=np.int64), rows // shape[0])
        start = build.gather(index, build.constant(each, "batches"), 0)
        places = build.apply("Add", build.reshape(start, (rows, 1)), places)
        if node.attributes.get_string("mode", "linear") == "circular":
            places = build.apply("Mod", places, build.constant(np.array(length, np.int64)))
    places = build.apply("Add", places, build.constant(first, "first"))
    flat = build.reshape(cache, (rows * length, width))
    new = build.reshape(update, (rows * count, width))
    at = build.reshape(places, (rows * count, 1))
    made = build.apply("ScatterND", flat, at, new, shape=(rows * length, width))
    g.replace(node, build.reshape(made, shape))
    return True
