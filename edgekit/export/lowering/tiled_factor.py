"""One factor a channel becomes one a channel and column, so that a multiplication has long rows.

XNNPACK multiplies an NHWC map by a value for every channel in as many calls as there are pixels;
where channels are few, the calls cost more than the arithmetic. Adding it to a row of zeros first
makes as many calls as there are rows.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of

MOST_CHANNELS = 16
"""With more, a pixel is a long enough row."""

LEAST_PIXELS = 28 * 28
"""With fewer, the calls saved are not worth an operator."""


def rewrite(node: ir.Node) -> bool:
    """Match a Mul of a map by a computed (N, C, 1, 1)."""
    if not g.is_op(node, "Mul"):
        return False
    shape = g.shape_of(node.outputs[0])
    if len(shape) != 4 or shape[1] > MOST_CHANNELS or shape[2] * shape[3] < LEAST_PIXELS:
        return False
    for index in (0, 1):
        factor, other = g.operand(node, index), g.operand(node, 1 - index)
        is_factor = g.constant(factor) is None and g.shape_of(factor) == (*shape[:2], 1, 1)
        if is_factor and g.shape_of(other) == shape:
            node.replace_input_with(index, _tiled(node, factor, shape[3]))
            return True
    return False


def _tiled(node: ir.Node, factor: ir.Value, width: int) -> ir.Value:
    """Return ``factor`` repeated over the width; one copy serves all its readers."""
    batch, channels, _, _ = g.shape_of(factor)
    for use in factor.uses():
        if use.node.meta.get("tiled") == width:
            return use.node.outputs[0]
    zeros = g.add_constant(
        g.graph_of(node), "row_of_zeros", np.zeros((1, channels, 1, width), np.float32)
    )
    tiled = g.insert(node, "Add", [factor, zeros], (batch, channels, 1, width))
    producer = tiled.producer()
    if producer is not None:
        producer.meta["tiled"] = width
        affine = affine_of(factor)
        if affine is not None:
            producer.meta["integer"] = True
            tiled.meta["affine"] = affine
    return tiled
