"""Convolutions, the padding before them and the batch norm behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import onnx_ir as ir

from edgekit.export.sources.aten.builder import Attribute, Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor

_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


def conv2d(
    builder: Builder,
    out: Tensor,
    x: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
) -> Operand:
    """Translate ``conv2d``: NCHW map, OIHW weight; without a bias it gets one of zeros."""
    if x.rank != 4 or not len(stride) == len(padding) == len(dilation) == 2:
        raise NotInTableError("conv2d of another rank")
    attributes: dict[str, Attribute] = {
        "group": groups,
        "pads": (*padding, *padding),
        "strides": tuple(stride),
        "dilations": tuple(dilation),
        "kernel_shape": weight.shape[2:],
    }
    offset = _zeros(builder, x, weight) if bias is None else bias.value
    made = builder.node("Conv", [x.value, weight.value, offset], attributes)
    return builder.finish("conv2d", made, out)


def _zeros(builder: Builder, x: Operand, weight: Operand) -> ir.Value:
    size = builder.node("Shape", [weight.value], {"start": 0, "end": 1})
    size = builder.node("Expand", [size, builder.constant([1])])
    zero = builder.node("CastLike", [builder.shared(0.0, ir.DataType.FLOAT), x.value])
    return builder.node("Expand", [zero, size])


def pad(
    builder: Builder,
    out: Tensor,
    x: Operand,
    pads: Sequence[int],
    mode: str = "constant",
    value: float | None = None,
) -> Operand:
    """Translate ``pad``: amounts before and after, the last dimension first."""
    if mode not in _MODES:
        raise NotInTableError(f"pad of mode {mode}")
    amounts = [*pads, *[0] * (2 * x.rank - len(pads))]
    both = amounts[-2::-2] + amounts[-1::-2]
    inputs = [x.value, builder.tensor(both, ir.DataType.INT64)]
    if value is not None:
        inputs.append(builder.tensor(value, ir.DataType.FLOAT))
    return builder.finish("pad", builder.node("Pad", inputs, {"mode": _MODES[mode]}), out)


def batch_norm(
    builder: Builder,
    out: Tensor,
    x: Operand,
    weight: Operand | None,
    bias: Operand | None,
    mean: Operand | None,
    variance: Operand | None,
    training: bool,
    momentum: float,
    eps: float,
    _cudnn: bool,
) -> Operand:
    """Translate ``batch_norm`` over dimension 1, with learned scale and running statistics."""
    if weight is None or bias is None or mean is None or variance is None or training:
        raise NotInTableError("batch_norm of a batch, or without a scale")
    builder.unused(1)  # the reduced dimensions
    inputs = [x.value, weight.value, bias.value, mean.value, variance.value]
    made = builder.node("BatchNormalization", inputs, {"momentum": 1 - momentum, "epsilon": eps})
    # Two more results, the batch's mean and deviation, which nothing reads.
    builder.shared(eps, ir.DataType.FLOAT)
    builder.unused(2)
    builder.shared(1.0, ir.DataType.FLOAT)
    builder.unused(3)
    step = builder.free_name("_native_batch_norm_legit_no_training")
    made.name = builder.free_name("getitem")
    builder.free_name("getitem")
    builder.free_name("getitem")
    return builder.finish_named(made, out, f"node_{step}__0")
