"""Padded pooling becomes Pad and an unpadded pool, where zero is the right padding.

TFLite pools know only SAME, which counts and places padding otherwise. Average pooling that
counts its padding (torch's default) pads with zero; max pooling may where no input is negative.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.lowering import ranges


def rewrite(node: ir.Node) -> bool:
    """Match MaxPool or AveragePool with explicit padding on an NCHW value."""
    if not g.is_op(node, "MaxPool", "AveragePool"):
        return False
    pads = node.attributes.get_ints("pads", ())
    if len(pads) != 4 or not any(pads) or node.attributes.get_int("ceil_mode", 0) != 0:
        return False
    source = g.operand(node, 0)
    counted = node.attributes.get_int("count_include_pad", 0) == 1
    if not (counted if node.op_type == "AveragePool" else ranges.is_non_negative(source)):
        return False
    batch, channels, height, width = g.shape_of(source)
    top, left, bottom, right = pads
    amounts = np.array([0, 0, top, left, 0, 0, bottom, right], dtype=np.int64)
    padded = g.insert(
        node,
        "Pad",
        [source, g.add_constant(g.graph_of(node), "pool_pads", amounts)],
        (batch, channels, height + top + bottom, width + left + right),
    )
    attributes = {
        "kernel_shape": tuple(node.attributes.get_ints("kernel_shape", ())),
        "strides": tuple(node.attributes.get_ints("strides", (1, 1))),
    }
    pooled = g.insert(node, node.op_type, [padded], g.shape_of(node.outputs[0]), attributes)
    producer = pooled.producer()
    if producer is not None and "activation" in node.meta:
        producer.meta["activation"] = node.meta["activation"]
    g.replace(node, pooled)
    return True
