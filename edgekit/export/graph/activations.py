"""Activations that clip: their bounds, and which of them TFLite has a name for."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_BY_BOUNDS = {(0.0, math.inf): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}


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
