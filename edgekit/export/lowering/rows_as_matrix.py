"""A product with a constant matrix over more than two axes is one of rows: a layer with integers.

The addition of a bias and activations behind it move with it, so that they fuse.
"""

from __future__ import annotations

from math import prod

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_FUSABLE = ("Relu", "Clip")


def rewrite(node: ir.Node) -> bool:
    """Match a MatMul of rank three or more whose second operand is a constant matrix."""
    if not g.is_op(node, "MatMul"):
        return False
    weight, shape = g.constant(node.inputs[1]), g.shape_of(node.outputs[0])
    if weight is None or weight.ndim != 2 or len(shape) < 3:
        return False
    source = g.operand(node, 0)
    rows = g.reshaped(node, source, (prod(shape[:-1]), g.shape_of(source)[-1]))
    last, bias = _biased(node)
    inputs = [rows, g.operand(node, 1), *([] if bias is None else [bias])]
    flat = (prod(shape[:-1]), shape[-1])
    made = g.insert(last, "Gemm", inputs, flat)
    while (after := g.sole_consumer(last.outputs[0])) is not None and g.is_op(after, *_FUSABLE):
        made = g.insert(after, after.op_type, [made, *after.inputs[1:]], flat)
        last = after
    g.replace(last, g.reshaped(last, made, shape))
    return True


def _biased(node: ir.Node) -> tuple[ir.Node, ir.Value | None]:
    """Return the last node of product and bias, and the bias; the product's alone has none."""
    after = g.sole_consumer(node.outputs[0])
    if after is None or not g.is_op(after, "Add"):
        return node, None
    width = g.shape_of(node.outputs[0])[-1]
    for value in after.inputs:
        array = g.constant(value)
        if array is not None and array.shape == (width,):
            return after, value
    return node, None
