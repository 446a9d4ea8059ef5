"""Operators on stored integers, said as the pairs and the float32 operator that they stand for.

``QLinearConv`` and its kin read integers with their scales, compute, and write integers with
another scale: DequantizeLinear, the standard operator, QuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import (
    UnknownFormError,
    UnknownRankError,
    padded,
)

_OUTPUT_CHANNELS = 0  # of a convolution's weights
_COLUMNS = 1  # of a matrix


def conv(node: ir.Node) -> None:
    """QLinearConv: the bias is int32, in steps of input scale times weight scale."""
    x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero, *rest = padded(node, 8)
    last = node.attributes.pop("channels_last", None)
    rank = len(node.attributes.get_ints("kernel_shape", ())) + 2 if last and last.value else 0
    if rank == 2:
        raise UnknownFormError("its channels are last, and it has no kernel_shape")
    if rank:
        x = _turned(node, x, [0, rank - 1, *range(1, rank - 1)])
    operands = [
        _real(node, x, x_scale, x_zero),
        _real(node, w, w_scale, w_zero, _OUTPUT_CHANNELS),
        _bias(node, rest[0] if rest else None, x_scale, w_scale),
    ]
    result = edit.copied(node, "Conv", operands, node.attributes)
    if rank:
        result = _turned(node, result, [0, *range(2, rank), 1])
    _store(node, result, y_scale, y_zero)


def matmul(node: ir.Node) -> None:
    """QLinearMatMul."""
    a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = padded(node, 8)
    operands = [_real(node, a, a_scale, a_zero), _real(node, b, b_scale, b_zero, _COLUMNS)]
    _store(node, edit.insert(node, "MatMul", operands), y_scale, y_zero)


def gemm(node: ir.Node) -> None:
    """QGemm: where it has no scale of the result, that is float32."""
    a, a_scale, a_zero, b, b_scale, b_zero, c, y_scale, y_zero = padded(node, 9)
    turned = bool(node.attributes.get_int("transB", 0))
    columns = 0 if turned else _COLUMNS
    operands = [
        _real(node, a, a_scale, a_zero),
        _real(node, b, b_scale, b_zero, columns),
        _bias(node, c, a_scale, b_scale),
    ]
    if y_scale is None:
        edit.become(node, "Gemm", operands, {k: v.value for k, v in node.attributes.items()})
        return
    _store(node, edit.copied(node, "Gemm", operands, node.attributes), y_scale, y_zero)


def binary(op_type: str) -> Callable[[ir.Node], None]:
    """QLinearAdd, QLinearMul: two operands with a scale each."""

    def convert(node: ir.Node) -> None:
        a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero = padded(node, 8)
        operands = [_real(node, a, a_scale, a_zero), _real(node, b, b_scale, b_zero)]
        _store(node, edit.insert(node, op_type, operands), y_scale, y_zero)

    return convert


def unary(op_type: str, kept: Sequence[str] = ()) -> Callable[[ir.Node], None]:
    """QLinearSigmoid and its kin: one operand; ``kept`` are attributes of the standard form."""

    def convert(node: ir.Node) -> None:
        x, x_scale, x_zero, y_scale, y_zero = padded(node, 5)
        attributes = {name: node.attributes[name] for name in kept if name in node.attributes}
        source: ir.Value = _real(node, x, x_scale, x_zero)
        rank = edit.rank(x) if node.attributes.get_int("channels_last", 0) else 0
        if rank is None:
            raise UnknownRankError
        if rank:
            source = _turned(node, source, [0, rank - 1, *range(1, rank - 1)])
        result = edit.copied(node, op_type, [source], attributes)
        if rank:
            result = _turned(node, result, [0, *range(2, rank), 1])
        _store(node, result, y_scale, y_zero)

    return convert


def where(node: ir.Node) -> None:
    """QLinearWhere: a choice between two operands with a scale each."""
    condition, x, x_scale, x_zero, y, y_scale, y_zero, z_scale, z_zero = padded(node, 9)
    operands = [condition, _real(node, x, x_scale, x_zero), _real(node, y, y_scale, y_zero)]
    _store(node, edit.insert(node, "Where", operands), z_scale, z_zero)


def mean(node: ir.Node) -> None:
    """QLinearReduceMean, whose axes are an attribute still."""
    x, x_scale, x_zero, y_scale, y_zero = padded(node, 5)
    get, operands = node.attributes, [_real(node, x, x_scale, x_zero)]
    if "axes" in get:
        operands.append(edit.integers(node, get.get_ints("axes")))
    result = edit.insert(node, "ReduceMean", operands, {"keepdims": get.get_int("keepdims", 1)})
    _store(node, result, y_scale, y_zero)


def pool_of_last_channels(node: ir.Node) -> None:
    """NhwcMaxPool: the largest of stored integers, channels last."""
    rank = len(node.attributes.get_ints("kernel_shape", ())) + 2
    source = _turned(node, node.inputs[0], [0, rank - 1, *range(1, rank - 1)])
    result = edit.copied(node, "MaxPool", [source], node.attributes)
    edit.become(node, "Transpose", [result], {"perm": [0, *range(2, rank), 1]})


def _turned(node: ir.Node, value: ir.Value | None, order: Sequence[int]) -> ir.Value:
    return edit.insert(node, "Transpose", [value], {"perm": order})


def concat(node: ir.Node) -> None:
    """QLinearConcat: the scale of the result comes first."""
    y_scale, y_zero, *parts = node.inputs
    grouped = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    operands = [_real(node, value, scale, zero) for value, scale, zero in grouped]
    _store(node, edit.copied(node, "Concat", operands, node.attributes), y_scale, y_zero)


def _real(
    node: ir.Node,
    value: ir.Value | None,
    scale: ir.Value | None,
    zero: ir.Value | None,
    axis: int = 0,
) -> ir.Value:
    scales = edit.constant(scale)
    several = scales is not None and scales.size > 1
    attributes: Mapping[str, int] = {"axis": axis} if several else {}
    if scales is not None and scales.size == 1 and scales.ndim:
        scale = edit.literal(node, scales.reshape(()))
        zeros = edit.constant(zero)
        zero = None if zeros is None else edit.literal(node, zeros.reshape(()))
    return edit.insert(node, "DequantizeLinear", [value, scale, zero], attributes)


def _bias(
    node: ir.Node, value: ir.Value | None, of_input: ir.Value | None, of_weights: ir.Value | None
) -> ir.Value | None:
    if value is None:
        return None
    scales = [edit.constant(of_input), edit.constant(of_weights)]
    if scales[0] is None or scales[1] is None:
        raise UnknownFormError("its scales are computed")
    step = edit.literal(node, np.asarray(scales[0] * scales[1], np.float32))
    return _real(node, value, step, None)


def _store(node: ir.Node, value: ir.Value, scale: ir.Value | None, zero: ir.Value | None) -> None:
    """Make ``node`` what stores the result."""
    edit.become(node, "QuantizeLinear", [value, scale, zero])
