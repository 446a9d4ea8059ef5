"""Adding a constant per output channel to a Conv or Gemm becomes part of its bias."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the addition; what scales its terms is no Gemm any more."""
    if not g.is_op(node, "Add"):
        return False
    for source_index, constant_index in ((0, 1), (1, 0)):
        addend = g.constant(node.inputs[constant_index])
        source = g.operand(node, source_index)
        producer = source.producer()
        if addend is None or not g.is_op(producer, "Conv", "Gemm") or producer is None:
            continue
        if g.sole_consumer(source) is not node:
            continue
        shape = g.shape_of(source)
        vector = _per_channel(addend, shape)
        old = g.constant(producer.inputs[2]) if len(producer.inputs) > 2 else np.float32(0)
        if vector is None or old is None or g.shape_of(node.outputs[0]) != shape:
            continue
        bias = g.add_constant(
            g.graph_of(node), f"{g.label(producer)}_bias", (old + vector).astype(np.float32)
        )
        attributes = dict(producer.attributes)
        merged = ir.node(
            producer.op_type,
            [producer.inputs[0], producer.inputs[1], bias],
            attributes=attributes,
        )
        merged.outputs[0].shape, merged.outputs[0].type = source.shape, source.type
        g.graph_of(node).insert_before(node, merged)
        g.replace(node, merged.outputs[0])
        return True
    return False


def _per_channel(addend: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return ``addend`` as one value per channel (axis 1), or None if it varies otherwise."""
    full = (1,) * (len(shape) - addend.ndim) + addend.shape
    if any(size != 1 for axis, size in enumerate(full) if axis != 1):
        return None
    if addend.size not in (1, shape[1]):
        return None  # one channel becomes several
    return np.broadcast_to(addend.reshape(-1), (shape[1],))
