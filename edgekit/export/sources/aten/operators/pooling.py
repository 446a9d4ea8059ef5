"""Pools and means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import onnx_ir as ir

from edgekit.export.sources.aten.builder import Attribute, Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


def max_pool2d(
    builder: Builder,
    out: Tensor,
    x: Operand,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    ceil_mode: bool = False,
) -> Operand:
    """Translate ``max_pool2d`` of an NCHW map."""
    attributes: dict[str, Attribute] = {
        **_window(x, kernel, stride, padding),
        "dilations": _two(dilation),
        "ceil_mode": int(ceil_mode),
    }
    made = builder.node("MaxPool", [x.value], attributes, outputs=2)
    return builder.finish("max_pool2d", made, out)


def avg_pool2d(
    builder: Builder,
    out: Tensor,
    x: Operand,
    kernel: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0, 0),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor: int | None = None,
) -> Operand:
    """Translate ``avg_pool2d`` of an NCHW map."""
    if divisor is not None:
        raise NotInTableError("avg_pool2d with a divisor")
    attributes: dict[str, Attribute] = {
        **_window(x, kernel, stride, padding),
        "count_include_pad": int(count_include_pad),
        "ceil_mode": int(ceil_mode),
    }
    made = builder.node("AveragePool", [x.value], attributes)
    return builder.finish("avg_pool2d", made, out)


def adaptive_avg_pool2d(builder: Builder, out: Tensor, x: Operand, size: Sequence[int]) -> Operand:
    """Translate ``adaptive_avg_pool2d`` to one pixel, or to an even part of the map."""
    if x.rank != 4 or not x.meta.is_contiguous():
        raise NotInTableError("adaptive_avg_pool2d of another rank or memory format")
    if tuple(size) == (1, 1):
        return mean(builder, out, x, (-1, -2), True)
    if any(whole % part for whole, part in zip(x.shape[2:], size, strict=True)):
        raise NotInTableError("adaptive_avg_pool2d with uneven windows")
    window = [whole // part for whole, part in zip(x.shape[2:], size, strict=True)]
    return avg_pool2d(builder, out, x, window, window)


def mean(
    builder: Builder,
    out: Tensor,
    x: Operand,
    axes: Sequence[int] | None,
    keep: bool = False,
    *,
    dtype: object = None,
) -> Operand:
    """Translate ``mean`` over some dimensions."""
    if not axes or dtype is not None:
        raise NotInTableError("mean over everything, or in another type")
    flat = builder.constant([-1])
    reduced = builder.node("Reshape", [builder.shared(tuple(axes), ir.DataType.INT64), flat])
    made = builder.node("ReduceMean", [x.value, reduced], {"keepdims": int(keep)})
    return builder.finish("mean", made, out)


def _window(
    x: Operand, kernel: Sequence[int], stride: Sequence[int], padding: Sequence[int]
) -> dict[str, tuple[int, ...]]:
    if x.rank != 4:
        raise NotInTableError("a pool of another rank")
    return {
        "kernel_shape": _two(kernel),
        "strides": _two(stride or kernel),
        "pads": _two(padding) * 2,
    }


def _two(sizes: Sequence[int]) -> tuple[int, ...]:
    if len(sizes) != 2:
        raise NotInTableError("a pool with one size for both dimensions")
    return tuple(sizes)
