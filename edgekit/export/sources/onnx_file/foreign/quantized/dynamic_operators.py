"""Matrix products of stored weights whose inputs find their scales as they run.

They become DynamicQuantizeLinear and the standard's integer products, as ONNX Runtime computes
them.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import padded

Stored = tuple[ir.Value | None, ir.Value | None, ir.Value | None]
"""Integers, their scale or scales, and their zero point or points."""


def quantize_matmul(node: ir.Node) -> None:
    """DynamicQuantizeMatMul: A is quantized as it runs, B is stored."""
    a, b, b_scale, b_zero, bias = padded(node, 5)
    _become_product(node, quantized(node, a), (b, b_scale, b_zero), bias)


def matmul_to_float(node: ir.Node) -> None:
    """MatMulIntegerToFloat: an integer product, the scales of both operands, and a bias."""
    a, b, a_scale, b_scale, a_zero, b_zero, bias = padded(node, 7)
    _become_product(node, (a, a_scale, a_zero), (b, b_scale, b_zero), bias)


def quantized(node: ir.Node, value: ir.Value | None) -> Stored:
    """Insert what quantizes a value as it runs before ``node``."""
    made = ir.node("DynamicQuantizeLinear", [value], num_outputs=3, version=edit.CANONICAL_OPSET)
    edit.owner(node).insert_before(node, made)
    codes, scale, zero = made.outputs
    return codes, scale, zero


def product(node: ir.Node, left: Stored, right: Stored) -> ir.Value:
    """Insert the float32 product of stored matrices before ``node``."""
    total = edit.insert(node, "MatMulInteger", [left[0], right[0], left[2], right[2]])
    real = edit.insert(node, "Cast", [total], {"to": int(ir.DataType.FLOAT)})
    return edit.insert(node, "Mul", [real, edit.insert(node, "Mul", [left[1], right[1]])])


def _become_product(node: ir.Node, left: Stored, right: Stored, bias: ir.Value | None) -> None:
    result = product(node, left, right)
    if bias is None:
        edit.become(node, "Identity", [result])
    else:
        edit.become(node, "Add", [result, bias])
