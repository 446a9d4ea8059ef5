"""Convolutions and fully connected layers: nodes with constant weights."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from edgekit.export.graph import nodes as g

LAYERS = ("Conv", "Gemm", "MatMul")
"""Operators with weights."""


def is_layer(node: ir.Node) -> bool:
    """Tell whether ``node`` is a convolution or fully connected layer with constant weights."""
    if not g.is_op(node, *LAYERS):
        return False
    weight = g.constant(node.inputs[1])
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = g.constant(node.inputs[2]) if has_bias else None
    if weight is None or (has_bias and bias is None):
        return False
    if node.op_type == "Conv":
        return weight.ndim == 4
    get = node.attributes
    plain = get.get_float("alpha", 1.0) == get.get_float("beta", 1.0) == 1.0
    is_matrix = weight.ndim == 2 and len(g.shape_of(g.operand(node, 0))) == 2
    by_row = bias is not None and bias.ndim > 1 and bias.shape[0] != 1
    return is_matrix and plain and not by_row and get.get_int("transA", 0) == 0


def output_axis(node: ir.Node) -> int:
    """Return the axis of the output channels in the weights of a layer."""
    return int(node.op_type != "Conv" and node.attributes.get_int("transB", 0) == 0)


def dynamic_inputs(node: ir.Node) -> Iterator[ir.Value]:
    """Yield the inputs of ``node`` that are no constants."""
    for value in node.inputs:
        if value is not None and g.constant(value) is None:
            yield value
