"""A GatherND of a constant grid picks along one axis after the other, whatever lies before it.

So do exporters write the picking of channels, or of rows and columns: between two transposes, which
a Gather along the axis itself does not need.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a GatherND whose indices are constant, and each axis's the same along all others."""
    if not g.is_op(node, "GatherND") or node.attributes.get_int("batch_dims", 0) > 0:
        return False
    places, source = g.constant(node.inputs[1]), g.operand(node, 0)
    vectors = None if places is None else _along_axes(places)
    if vectors is None:
        return False
    build, producer = Building(node), source.producer()
    perm = None
    if producer is not None and g.is_op(producer, "Transpose"):
        perm = producer.attributes.get_ints("perm", tuple(range(len(g.shape_of(source))))[::-1])
        source = g.operand(producer, 0)
    for axis, vector in enumerate(vectors):
        own = axis if perm is None else perm[axis]
        size = g.shape_of(source)[own]
        wanted = vector % size  # counted from the end where they are negative
        if not np.array_equal(wanted, np.arange(size)):
            source = build.gather(source, build.constant(wanted), own)
    g.replace(node, source if perm is None else build.transpose(source, perm))
    return True


def _along_axes(places: np.ndarray) -> list[np.ndarray] | None:
    """Return the places along each axis that make a grid of places; None for another."""
    *sizes, count = places.shape
    if len(sizes) != count or not places.size:
        return None
    vectors = []
    for axis in range(count):
        shape = [1] * count
        shape[axis] = sizes[axis]
        vector = places[(*(slice(None) if i == axis else 0 for i in range(count)), axis)]
        if not (places[..., axis] == vector.reshape(shape)).all():
            return None
        vectors.append(vector.astype(np.int64))
    return vectors
