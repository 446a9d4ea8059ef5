"""Batch norm in evaluation mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx_ir as ir

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


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
