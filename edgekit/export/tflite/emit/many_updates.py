"""Rows that computed updates go to, too many to compare each with each: the updates are sorted.

TOPK_V2 leaves equal numbers in their order, so that updates of one row stand side by side, the
first of them first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit.steps import Steps

_EXTREMES = {"max": "MAXIMUM", "min": "MINIMUM"}


def last_ones(steps: Steps, data: int, places: int, updates: int) -> int:
    """Return the rows of ``data``, each replaced by the last update that names it.

    Args:
        steps: where to emit.
        data: (rows, width).
        places: the row of each update, int32 of (count, 1).
        updates: (count, width).
    """
    count, width = steps.writer.program.tensors[updates].shape
    numbers, order = _descending(steps, _reshaped(steps, places, (count,)))
    wins = _reshaped(steps, _ends_run(steps, numbers, first=False), (count, 1))
    new = steps.temporary((count, width), steps.kind(updates))
    steps.writer.emit("GATHER", [updates, order], [new], "GatherOptions", {"axis": 0})
    rows = steps.writer.program.tensors[data].shape[0]
    is_new, moved = _moved(steps, _reshaped(steps, numbers, (count, 1)), wins, new, rows)
    return _chosen(steps, is_new, moved, data)


def extremes(steps: Steps, data: int, places: int, updates: int, reduction: str) -> int:
    """Return the rows of ``data``, each element the largest or smallest of it and its updates.

    Args:
        steps: where to emit.
        data: (rows, width).
        places: the row of each update, int32 of (count, 1).
        updates: (count, width).
        reduction: ``max`` or ``min``.
    """
    count, width = steps.writer.program.tensors[updates].shape
    rows = steps.writer.program.tensors[data].shape[0]
    columns = _turned(steps, updates)
    values, order = _descending(
        steps, columns if reduction == "max" else steps.apply("NEG", columns)
    )
    found = steps.temporary((width, count), "int32")
    every = _reshaped(steps, places, (count,))
    steps.writer.emit("GATHER", [every, order], [found], "GatherOptions", {"axis": 0})
    numbers, order = _descending(steps, found)
    best = steps.temporary((width, count), steps.kind(values))
    options = {"axis": 1, "batchDims": 1}
    steps.writer.emit("GATHER", [values, order], [best], "GatherOptions", options)
    best = best if reduction == "max" else steps.apply("NEG", best)
    wins = _ends_run(steps, numbers, first=True)
    begins = rows * np.arange(width, dtype=np.int32).reshape(-1, 1)
    numbers = steps.apply("ADD", numbers, steps.writer.constant("begins", begins))
    flat = [_reshaped(steps, each, (width * count, 1)) for each in (numbers, wins, best)]
    parts = _moved(steps, flat[0], flat[1], flat[2], width * rows)
    is_new, moved = (_turned(steps, _reshaped(steps, each, (width, rows))) for each in parts)
    return _chosen(steps, is_new, steps.apply(_EXTREMES[reduction], data, moved), data)


def _moved(steps: Steps, places: int, wins: int, new: int, rows: int) -> tuple[int, int]:
    """Return (whether a row is new, its update or 0), of which one alone wins for each row."""
    count, width = steps.writer.program.tensors[new].shape
    zero = steps.number(0, np.dtype(steps.kind(new)))
    kept = steps.temporary((count, width), steps.kind(new))
    steps.writer.emit("SELECT_V2", [wins, new, zero], [kept], "SelectV2Options")
    ones = steps.writer.constant("ones", np.ones((count, 1), np.float32))
    moved = _scattered(steps, places, kept, (rows, width))
    return steps.apply("GREATER", _scattered(steps, places, ones, (rows, 1)), 0.0), moved


def _scattered(steps: Steps, places: int, updates: int, shape: tuple[int, int]) -> int:
    result = steps.temporary(shape, steps.kind(updates))
    inputs = [places, updates, steps.writer.constant("shape", np.array(shape, np.int32))]
    steps.writer.emit("SCATTER_ND", inputs, [result], "ScatterNdOptions")
    return result


def _chosen(steps: Steps, is_new: int, moved: int, data: int) -> int:
    result = steps.temporary(steps.writer.program.tensors[data].shape, steps.kind(data))
    steps.writer.emit("SELECT_V2", [is_new, moved, data], [result], "SelectV2Options")
    return result


def _descending(steps: Steps, source: int) -> tuple[int, int]:
    """Return the numbers along the last dimension, the largest first, and where they stood."""
    shape = steps.writer.program.tensors[source].shape
    results = [steps.temporary(shape, kind) for kind in (steps.kind(source), "int32")]
    amount = steps.writer.constant("count", np.array(shape[-1], np.int32))
    steps.writer.emit("TOPK_V2", [source, amount], results, "TopKV2Options")
    return results[0], results[1]


def _ends_run(steps: Steps, numbers: int, *, first: bool) -> int:
    """Return whether a number is the first, or the last, of equal ones side by side."""
    shape = steps.writer.program.tensors[numbers].shape
    outside = steps.writer.constant("outside", np.full((*shape[:-1], 1), -1, np.int32))
    inner = (*shape[:-1], shape[-1] - 1)
    part, beside = steps.temporary(inner, "int32"), steps.temporary(shape, "int32")
    begin = [*[0] * (len(shape) - 1), 0 if first else 1]
    bounds = [
        steps.writer.constant("slice_begin", np.array(begin, np.int32)),
        steps.writer.constant("slice_size", np.array(inner, np.int32)),
    ]
    steps.writer.emit("SLICE", [numbers, *bounds], [part], "SliceOptions")
    parts = [outside, part] if first else [part, outside]
    axis = {"axis": len(shape) - 1}
    steps.writer.emit("CONCATENATION", parts, [beside], "ConcatenationOptions", axis)
    return steps.apply("NOT_EQUAL", numbers, beside)


def _turned(steps: Steps, source: int) -> int:
    rows, columns = steps.writer.program.tensors[source].shape
    result = steps.temporary((columns, rows), steps.kind(source))
    order = steps.writer.constant("turned", np.array([1, 0], np.int32))
    steps.writer.emit("TRANSPOSE", [source, order], [result], "TransposeOptions")
    return result


def _reshaped(steps: Steps, source: int, shape: Sequence[int]) -> int:
    return steps.writer.reshape(source, shape, f"{g.label(steps.node)}_reshaped")
