"""What changes the shape or the order of dimensions, and no number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


def view(builder: Builder, out: Tensor, x: Operand, sizes: Sequence[int]) -> Operand:
    """Translate ``view``; one size may be -1."""
    return _reshaped(builder, "view", out, x, sizes)


def reshape(builder: Builder, out: Tensor, x: Operand, sizes: Sequence[int]) -> Operand:
    """Translate ``reshape``: a view where memory allows one, else a view of a copy."""
    sizes = tuple(int(size) for size in out.shape)
    if _viewable(x.meta, sizes):
        return _reshaped(builder, "view", out, x, sizes)
    return _reshaped(builder, "_unsafe_view", out, _copy(builder, x, out), sizes)


def flatten(builder: Builder, out: Tensor, x: Operand, start: int = 0, end: int = -1) -> Operand:
    """Translate ``flatten``; flattening one dimension is nothing."""
    if not x.rank:
        raise NotInTableError("flatten of a number")
    if start % x.rank == end % x.rank:
        return x
    return reshape(builder, out, x, ())


def transpose(builder: Builder, out: Tensor, x: Operand, first: int, second: int) -> Operand:
    """Translate ``transpose`` of two dimensions."""
    order = list(range(x.rank))
    order[first], order[second] = order[second], order[first]
    return builder.finish("transpose", builder.node("Transpose", [x.value], {"perm": order}), out)


def permute(builder: Builder, out: Tensor, x: Operand, order: Sequence[int]) -> Operand:
    """Translate ``permute``."""
    if not order:
        raise NotInTableError("permute of a number")
    positive = [axis % x.rank for axis in order]
    return builder.finish("permute", builder.node("Transpose", [x.value], {"perm": positive}), out)


def contiguous(
    builder: Builder, out: Tensor, x: Operand, *, memory_format: object = None
) -> Operand:
    """Translate ``contiguous``, a copy where memory is in another order."""
    if memory_format is not None:
        raise NotInTableError("contiguous in another memory format")
    return x if x.meta.is_contiguous() else _copy(builder, x, out)


def _copy(builder: Builder, x: Operand, like: Tensor) -> Operand:
    made = builder.node("Identity", [x.value])
    made.name = builder.free_name("clone")
    done = builder.finish_named(made, x.meta, f"node_{made.name}")
    return Operand(done.value, like)


def _reshaped(
    builder: Builder, kind: str, out: Tensor, x: Operand, sizes: Sequence[int]
) -> Operand:
    if not sizes:
        raise NotInTableError("a view as a number")
    builder.unused(1)
    parts = [builder.constant([size]) for size in sizes]
    shape = builder.node("Concat", parts, {"axis": 0})
    made = builder.node("Reshape", [x.value, shape], {"allowzero": 1})
    return builder.finish(kind, made, out)


def _viewable(meta: Tensor, sizes: Sequence[int]) -> bool:
    """Tell whether a tensor laid out like ``meta`` can be seen with other sizes."""
    import torch

    if meta.is_contiguous() or not math.prod(meta.shape):
        return True
    try:
        torch.empty_strided(meta.shape, meta.stride(), device="meta").view(tuple(sizes))
    except RuntimeError:
        return False
    return True
