"""ReLU, ReLU6 and clip to [-1, 1] become the fused activation of the operator before.

The activation is noted in the node's ``meta["activation"]`` under its TFLite name; the TFLite
writer reads it there.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g

FUSABLE = ("Conv", "Gemm", "Add", "Sub", "Mul", "Div", "MaxPool", "AveragePool")
_BY_BOUNDS = {(0.0, math.inf): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}


def rewrite(node: ir.Node) -> bool:
    """Match the activation."""
    activation = activation_of(node)
    if activation is None:
        return False
    source = g.operand(node, 0)
    producer = source.producer()
    if producer is None or not g.is_op(producer, *FUSABLE) or "activation" in producer.meta:
        return False
    if g.sole_consumer(source) is not node:
        return False
    producer.meta["activation"] = activation
    g.replace(node, source)
    return True


def activation_of(node: ir.Node) -> str | None:
    """Return the TFLite name of a fusable activation, or None."""
    if g.is_op(node, "Relu"):
        return "RELU"
    if not g.is_op(node, "Clip"):
        return None
    return _BY_BOUNDS.get(clip_bounds(node))


def clip_bounds(node: ir.Node) -> tuple[float, float]:
    """Return (low, high) of a Clip; a missing bound is infinite, a computed one NaN."""
    bounds = []
    for index, default in ((1, -math.inf), (2, math.inf)):
        present = len(node.inputs) > index and node.inputs[index] is not None
        bound = g.scalar(node.inputs[index]) if present else default
        bounds.append(math.nan if bound is None else bound)
    low, high = bounds
    return low, math.inf if high >= 3.4e38 else high
