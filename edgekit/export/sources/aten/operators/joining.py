"""Concatenations, parts and choices along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import onnx_ir as ir

from edgekit.export.sources.aten.builder import Builder, NotInTableError, Operand

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Parts:
    """The parts of a split value, before one is taken.

    Attributes:
        sequence: an ONNX sequence.
        metas: one traced tensor a part.
    """

    sequence: ir.Value
    metas: Sequence[Tensor]


def cat(builder: Builder, out: Tensor, parts: Sequence[Operand], axis: int = 0) -> Operand:
    """Translate ``cat``."""
    if len(parts) < 2 or any(part.rank != out.dim() for part in parts):
        raise NotInTableError("cat of one value, or of an empty one")
    made = builder.node("Concat", [part.value for part in parts], {"axis": axis})
    return builder.finish("cat", made, out)


def split(builder: Builder, out: Sequence[Tensor], x: Operand, size: int, axis: int = 0) -> Parts:
    """Translate ``split`` into parts of one size; the last may be smaller."""
    length = builder.shared(size, ir.DataType.INT64)
    return _split(builder, "split", out, x, length, axis)


def chunk(builder: Builder, out: Sequence[Tensor], x: Operand, _count: int, axis: int = 0) -> Parts:
    """Translate ``chunk``, a split into parts of the first one's size."""
    return split(builder, out, x, int(out[0].shape[axis]), axis)


def split_with_sizes(
    builder: Builder, out: Sequence[Tensor], x: Operand, sizes: Sequence[int], axis: int = 0
) -> Parts:
    """Translate ``split_with_sizes``."""
    lengths = builder.shared(tuple(sizes), ir.DataType.INT64)
    return _split(builder, "split_with_sizes", out, x, lengths, axis)


def getitem(builder: Builder, out: Tensor, parts: Parts, index: int) -> Operand:
    """Take one part."""
    place = builder.shared(index, ir.DataType.INT64)
    made = builder.inlined("SequenceAt", [parts.sequence, place], 0)
    return builder.finish("getitem", made, out)


def index_select(builder: Builder, out: Tensor, x: Operand, axis: int, index: Operand) -> Operand:
    """Translate ``index_select``; the indices are a constant, int64."""
    if not x.rank:
        raise NotInTableError("index_select of a number")
    flat = builder.node("Reshape", [index.value, builder.constant([-1])])
    chosen = builder.node("Cast", [flat], {"to": ir.DataType.INT64})
    made = builder.node("Gather", [x.value, chosen], {"axis": axis})
    return builder.finish("index_select", made, out)


def slice_(
    builder: Builder,
    out: Tensor,
    x: Operand,
    axis: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Operand:
    """Translate ``slice`` of one dimension."""
    if start is None or end is None:
        raise NotInTableError("slice without bounds")
    bounds = [_vector(builder, number) for number in (start, end, axis)]
    pace = builder.constant([1]) if step == 1 else _vector(builder, step)
    inputs = [x.value, *bounds, pace]
    return builder.finish("slice", builder.node("Slice", inputs), out)


def select(builder: Builder, out: Tensor, x: Operand, axis: int, index: int) -> Operand:
    """Translate ``select`` of one place in a dimension."""
    place = builder.shared(index, ir.DataType.INT64)
    return builder.finish("select", builder.node("Gather", [x.value, place], {"axis": axis}), out)


def _split(
    builder: Builder, kind: str, out: Sequence[Tensor], x: Operand, length: ir.Value, axis: int
) -> Parts:
    made = builder.node("SplitToSequence", [x.value, length], {"axis": axis})
    builder.finish_parts(kind, made)
    return Parts(made, out)


def _vector(builder: Builder, number: int) -> ir.Value:
    shared = builder.shared(number, ir.DataType.INT64)
    cast = builder.node("Cast", [shared], {"to": ir.DataType.INT64})
    return builder.node("Reshape", [cast, builder.constant([-1])])
