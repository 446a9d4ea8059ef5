"""A Gemm with a computed matrix becomes MatMul, with its factors and its bias beside it."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a Gemm that is no layer: computed weights or bias, or a bias for every row."""
    if not g.is_op(node, "Gemm"):
        return False
    get = node.attributes
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    alpha, beta = get.get_float("alpha", 1.0), get.get_float("beta", 1.0)
    fixed = [value is None or g.constant(value) is not None for value in (node.inputs[1], bias)]
    rows = bias is not None and len(g.shape_of(bias)) > 1
    if all(fixed) and not rows:
        return False
    left = _turned(node, g.operand(node, 0), bool(get.get_int("transA", 0)))
    right = _turned(node, g.operand(node, 1), bool(get.get_int("transB", 0)))
    shape = g.shape_of(node.outputs[0])
    product = _scaled(node, g.insert(node, "MatMul", [left, right], shape), alpha)
    if bias is not None:
        addend = _scaled(node, bias, beta)
        product = g.insert(node, "Add", [product, addend], shape)
    g.replace(node, product)
    return True


def _turned(node: ir.Node, value: ir.Value, wanted: bool) -> ir.Value:
    if not wanted:
        return value
    array = g.constant(value)
    if array is not None:
        return g.add_constant(g.graph_of(node), f"{value.name}_turned", array.T)
    return g.insert(node, "Transpose", [value], g.shape_of(value)[::-1], {"perm": (1, 0)})


def _scaled(node: ir.Node, value: ir.Value, factor: float) -> ir.Value:
    if factor == 1.0:
        return value
    number = g.add_scalar(g.graph_of(node), "factor", factor)
    return g.insert(node, "Mul", [value, number], g.shape_of(value))
