"""Functions of two values, or of a value and a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx_ir as ir

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


def add(
    builder: Builder, out: Tensor, x: Operand, y: Operand | int | float, *, alpha: float = 1
) -> Operand:
    """Translate ``add``."""
    _plain(alpha)
    return _both(builder, out, "add", "Add", x, y)


def sub(
    builder: Builder, out: Tensor, x: Operand, y: Operand | int | float, *, alpha: float = 1
) -> Operand:
    """Translate ``sub``."""
    _plain(alpha)
    return _both(builder, out, "sub", "Sub", x, y)


def rsub(builder: Builder, out: Tensor, x: Operand, y: int | float, alpha: float = 1) -> Operand:
    """Translate ``rsub``: the number minus the value."""
    _plain(alpha)
    return _both(builder, out, "sub", "Sub", y, x)


def mul(builder: Builder, out: Tensor, x: Operand, y: Operand | int | float) -> Operand:
    """Translate ``mul``."""
    return _both(builder, out, "mul", "Mul", x, y)


def div(builder: Builder, out: Tensor, x: Operand, y: Operand | int | float) -> Operand:
    """Translate ``div``."""
    return _both(builder, out, "div", "Div", x, y)


def maximum(builder: Builder, out: Tensor, x: Operand, y: Operand) -> Operand:
    """Translate ``maximum``."""
    return _both(builder, out, "maximum", "Max", x, y)


def minimum(builder: Builder, out: Tensor, x: Operand, y: Operand) -> Operand:
    """Translate ``minimum``."""
    return _both(builder, out, "minimum", "Min", x, y)


def _both(
    builder: Builder,
    out: Tensor,
    kind: str,
    op_type: str,
    x: Operand | int | float,
    y: Operand | int | float,
) -> Operand:
    left, right = _value(builder, x), _value(builder, y)
    return builder.finish(kind, builder.node(op_type, [left, right]), out)


def _value(builder: Builder, x: Operand | int | float) -> ir.Value:
    if isinstance(x, Operand):
        return x.value
    if isinstance(x, bool):
        raise NotInTableError("arithmetic with a truth value")
    if isinstance(x, float):
        return builder.shared(x, ir.DataType.FLOAT)
    cast = builder.node("Cast", [builder.shared(x, ir.DataType.INT64)], {"to": ir.DataType.FLOAT})
    return builder.finish_number("scalar_tensor_default", cast)


def _plain(alpha: float) -> None:
    if alpha != 1:
        raise NotInTableError("a sum with a factor")
