"""Functions of one value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


def relu(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``relu``."""
    return builder.finish("relu", builder.node("Relu", [x.value]), out)


def hardtanh(
    builder: Builder, out: Tensor, x: Operand, low: float = -1.0, high: float = 1.0
) -> Operand:
    """Translate ``hardtanh``, a clip."""
    casts = []
    for position, (name, bound) in enumerate((("min_val", low), ("max_val", high))):
        attributes = {"value_float": float(bound)}
        casts.append(builder.inlined("Constant", [], position, name, attributes))
    for position, name in enumerate(("min_val_cast", "max_val_cast")):
        casts[position] = builder.inlined(
            "CastLike", [casts[position], x.value], 2 + position, name
        )
    return builder.finish("hardtanh", builder.inlined("Clip", [x.value, *casts], 4), out)


def relu6(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``relu6``, a clip from 0 to 6."""
    bounds = []
    for number in (0, 6):
        bound = builder.node("Constant", [], {"value_int": number})
        bounds.append(builder.node("CastLike", [bound, x.value]))
    return builder.finish("relu6", builder.node("Clip", [x.value, *bounds]), out)


def relu6_in_place(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``relu6_``, which torch takes for ``hardtanh_`` from 0 to 6."""
    return hardtanh(builder, out, x, 0.0, 6.0)


def hardswish(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``hardswish``."""
    return builder.finish("hardswish", builder.inlined("HardSwish", [x.value], 0), out)


def hardsigmoid(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``hardsigmoid``: slope 1/6."""
    made = builder.node("HardSigmoid", [x.value], {"alpha": 1 / 6, "beta": 0.5})
    return builder.finish("hardsigmoid", made, out)


def sigmoid(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``sigmoid``."""
    return builder.finish("sigmoid", builder.node("Sigmoid", [x.value]), out)


def tanh(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``tanh``."""
    return builder.finish("tanh", builder.node("Tanh", [x.value]), out)


def silu(builder: Builder, out: Tensor, x: Operand) -> Operand:
    """Translate ``silu``, the value times its sigmoid."""
    gate = builder.node("Sigmoid", [x.value])
    return builder.finish("silu", builder.node("Mul", [x.value, gate]), out)


def leaky_relu(builder: Builder, out: Tensor, x: Operand, slope: float = 0.01) -> Operand:
    """Translate ``leaky_relu``."""
    made = builder.node("LeakyRelu", [x.value], {"alpha": slope})
    return builder.finish("leaky_relu", made, out)


def softmax(builder: Builder, out: Tensor, x: Operand, axis: int, dtype: object = None) -> Operand:
    """Translate ``softmax`` along one dimension."""
    if dtype is not None or not x.rank:
        raise NotInTableError("softmax of another type, or of a number")
    return builder.finish("softmax", builder.node("Softmax", [x.value], {"axis": axis}), out)


def dropout(
    builder: Builder, _out: Tensor, x: Operand, _probability: float, training: bool
) -> Operand:
    """Translate ``dropout`` in evaluation mode, which is a copy."""
    if training:
        raise NotInTableError("dropout that drops")
    return builder.finish("clone", builder.node("Identity", [x.value]), x.meta)
