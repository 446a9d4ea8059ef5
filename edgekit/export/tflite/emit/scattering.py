"""ScatterND and ScatterElements: rows of a flattened value that are replaced or reduced.

Where the places are constant, rows of the value and of the updates are put together by SLICE and
CONCATENATION or one GATHER; where they are computed, each row looks for the last update that
names it, or the updates are sorted. SCATTER_ND adds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit import many_updates, types
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_MOST_RUNS = 8  # parts that are cheaper to copy one by one than to gather
_REDUCTIONS = {"add": "ADD", "max": "MAXIMUM", "min": "MINIMUM", "mul": "MUL"}
_REDUCERS = {"max": "REDUCE_MAX", "min": "REDUCE_MIN", "mul": "REDUCE_PROD"}
_IDENTITIES = {
    "float32": {"max": -math.inf, "min": math.inf, "mul": 1.0},
    "int32": {"max": float(-(2**31)), "min": float(2**31 - 1), "mul": 1.0},
}
"""What changes nothing, by element type and reduction."""

_MOST_MATCHES = 1 << 20  # of rows with updates that are compared: 4 MiB
_SCATTERED = ("float32", "int32", "int64", "int8", "uint8")  # what SCATTER_ND takes


@dataclass(frozen=True)
class _Scatter:
    """One node as rows: which of (rows, width) the updates (count, width) go to."""

    steps: Steps
    rows: int
    width: int
    count: int
    places: np.ndarray | int  # constant, or the tensor that holds them

    def flat(self, index: int, rows: int) -> int:
        """Return an operand as (rows, width)."""
        writer, value = self.steps.writer, g.operand(self.steps.node, index)
        number = writer.tensor(value, orders.natural(len(g.shape_of(value))))
        return writer.reshape(number, (rows, self.width), f"{value.name}_rows")


def emit_nd(writer: Writer, node: ir.Node) -> None:
    """Emit ScatterND."""
    sizes, given = g.shape_of(g.operand(node, 0)), g.shape_of(g.operand(node, 1))
    depth, count = given[-1], math.prod(given[:-1])
    strides = [math.prod(sizes[d + 1 : depth]) for d in range(depth)]
    steps, array = Steps(writer, node), g.constant(node.inputs[1])
    places: np.ndarray | int
    if array is not None:
        places = (np.mod(array, sizes[:depth]) * strides).sum(axis=-1).reshape(-1)
    else:
        number = _indices(steps, (count, depth))
        kind = writer.program.tensors[number].dtype
        limits = writer.constant("sizes", np.array(sizes[:depth], kind))
        factors = writer.constant("strides", np.array(strides, kind))
        counted = steps.apply("FLOOR_MOD", number, limits)
        places = steps.reduce("SUM", steps.apply("MUL", counted, factors), [1])
    rows = math.prod(sizes[:depth])
    _emit(_Scatter(steps, rows, math.prod(sizes[depth:]), count, places))


def emit_elements(writer: Writer, node: ir.Node) -> None:
    """Emit ScatterElements."""
    sizes, taken = g.shape_of(g.operand(node, 0)), g.shape_of(g.operand(node, 1))
    axis = node.attributes.get_int("axis", 0) % len(sizes)
    strides = [math.prod(sizes[d + 1 :]) for d in range(len(sizes))]
    grid = np.indices(taken)
    base = np.zeros(taken, np.int64)
    for dimension, stride in enumerate(strides):
        if dimension != axis:
            base += grid[dimension] * stride
    steps, array, count = Steps(writer, node), g.constant(node.inputs[1]), math.prod(taken)
    places: np.ndarray | int
    if array is not None:
        places = (np.mod(array, sizes[axis]) * strides[axis] + base).reshape(-1)
    else:
        number = _indices(steps, (count, 1))
        kind = writer.program.tensors[number].dtype
        counted = steps.apply("FLOOR_MOD", number, float(sizes[axis]))
        offsets = writer.constant("offsets", base.reshape(-1, 1).astype(kind))
        places = steps.apply("ADD", steps.apply("MUL", counted, float(strides[axis])), offsets)
    _emit(_Scatter(steps, math.prod(sizes), 1, count, places))


def _indices(steps: Steps, shape: tuple[int, int]) -> int:
    value = g.operand(steps.node, 1)
    if value.dtype not in (ir.DataType.INT32, ir.DataType.INT64):
        raise refuse(steps.node, "indices must be int32 or int64", "dtype")
    number = steps.writer.tensor(value, orders.natural(len(g.shape_of(value))))
    return steps.writer.reshape(number, shape, f"{value.name}_rows")


def _emit(scatter: _Scatter) -> None:
    steps, node = scatter.steps, scatter.steps.node
    reduction = node.attributes.get_string("reduction", "none")
    data, updates = scatter.flat(0, scatter.rows), scatter.flat(2, scatter.count)
    if isinstance(scatter.places, int):
        steps.finish(_computed(scatter, scatter.places, data, updates, reduction))
        return
    if reduction == "none":
        steps.finish(_replaced(steps, scatter.places, data, updates))
        return
    left, places = np.arange(scatter.count), scatter.places
    while left.size:  # a place that is named twice is reduced twice, one time after the other
        first = np.sort(np.unique(places[left], return_index=True)[1])
        now = left[first]
        given = updates if now.size == scatter.count else _rows(steps, updates, now)
        held = _rows(steps, data, places[now])
        combined = steps.apply(_REDUCTIONS[reduction], held, given)
        data = _replaced(steps, places[now], data, combined)
        left = np.delete(left, first)
    steps.finish(data)


def _replaced(steps: Steps, places: np.ndarray, data: int, updates: int) -> int:
    """Return the rows of ``data``, those at ``places`` taken from ``updates``."""
    tensors, writer = steps.writer.program.tensors, steps.writer
    rows, width = tensors[data].shape
    origin = np.arange(rows)
    origin[places] = rows + np.arange(places.size)
    cuts = [0, *(np.flatnonzero(np.diff(origin) != 1) + 1), rows]
    cuts = sorted({*cuts, *np.flatnonzero(np.diff(origin >= rows)) + 1})
    result = steps.temporary((rows, width), steps.kind(data))
    if len(cuts) - 1 > _MOST_RUNS:
        both = steps.temporary((rows + places.size, width), steps.kind(data))
        _joined(steps, [data, updates], both)
        inputs = [both, writer.constant("places", origin.astype(np.int32))]
        writer.emit("GATHER", inputs, [result], "GatherOptions", {"axis": 0})
        return result
    parts = []
    for start, end in pairwise(cuts):
        is_new = origin[start] >= rows
        source, begin = (updates, origin[start] - rows) if is_new else (data, origin[start])
        parts.append(_run(steps, source, int(begin), int(end - start)))
    if len(parts) == 1:
        return parts[0]
    _joined(steps, parts, result)
    return result


def _run(steps: Steps, source: int, begin: int, count: int) -> int:
    rows, width = steps.writer.program.tensors[source].shape
    if count == rows:
        return source
    part = steps.temporary((count, width), steps.kind(source))
    inputs = [
        source,
        steps.writer.constant("slice_begin", np.array([begin, 0], np.int32)),
        steps.writer.constant("slice_size", np.array([count, width], np.int32)),
    ]
    steps.writer.emit("SLICE", inputs, [part], "SliceOptions")
    return part


def _joined(steps: Steps, parts: list[int], target: int) -> None:
    steps.writer.emit("CONCATENATION", parts, [target], "ConcatenationOptions", {"axis": 0})


def _rows(steps: Steps, source: int, places: np.ndarray) -> int:
    width = steps.writer.program.tensors[source].shape[1]
    result = steps.temporary((places.size, width), steps.kind(source))
    inputs = [source, steps.writer.constant("places", places.astype(np.int32))]
    steps.writer.emit("GATHER", inputs, [result], "GatherOptions", {"axis": 0})
    return result


def _computed(scatter: _Scatter, places: int, data: int, updates: int, reduction: str) -> int:
    steps, kind = scatter.steps, scatter.steps.kind(data)
    places = types.cast(steps.writer, places, "int32") if steps.kind(places) == "int64" else places
    matches = scatter.rows * scatter.count
    if reduction == "none" and (matches <= _MOST_MATCHES or scatter.count == 1):
        return _last_ones(scatter, places, data, updates)
    if reduction not in ("none", "add") and kind in _IDENTITIES:
        if matches * scatter.width <= _MOST_MATCHES or scatter.count == 1:
            return _reduced(scatter, places, data, updates, reduction)
        if reduction in ("max", "min"):
            return many_updates.extremes(steps, data, places, updates, reduction)
        raise refuse(
            steps.node,
            f"{reduction} of many updates at computed places is not supported",
            "reduction",
        )
    if reduction not in ("none", "add") or kind not in _SCATTERED:
        raise refuse(steps.node, f"{kind} operands are not supported", "dtype")
    if reduction == "add":
        return steps.apply("ADD", data, _scattered(scatter, places, updates))
    return many_updates.last_ones(steps, data, places, updates)


def _matches(scatter: _Scatter, places: int) -> int:
    """Return whether an update goes to a row, (rows, updates)."""
    writer, steps = scatter.steps.writer, scatter.steps
    across = writer.reshape(places, (1, scatter.count), f"{g.label(steps.node)}_across")
    rows = writer.constant("rows", np.arange(scatter.rows, dtype=np.int32).reshape(-1, 1))
    return steps.apply("EQUAL", rows, across)


def _last_ones(scatter: _Scatter, places: int, data: int, updates: int) -> int:
    """Return the rows of ``data``, each replaced by the last update that names it."""
    steps, writer, rows = scatter.steps, scatter.steps.writer, scatter.rows
    numbers = np.arange(rows, rows + scatter.count, dtype=np.int32).reshape(1, -1)
    own = np.arange(rows, dtype=np.int32).reshape(-1, 1)
    named = [writer.constant("numbers", numbers), writer.constant("own", own)]
    found = steps.apply("SELECT_V2", _matches(scatter, places), *named)
    origin = steps.reduce("REDUCE_MAX", found, [1], keep=False)
    both = steps.temporary((rows + scatter.count, scatter.width), steps.kind(data))
    _joined(steps, [data, updates], both)
    result = steps.temporary((rows, scatter.width), steps.kind(data))
    writer.emit("GATHER", [both, origin], [result], "GatherOptions", {"axis": 0})
    return result


def _reduced(scatter: _Scatter, places: int, data: int, updates: int, reduction: str) -> int:
    """Return the rows of ``data``, each reduced with all updates that name it."""
    steps, writer, kind = scatter.steps, scatter.steps.writer, scatter.steps.kind(data)
    name = f"{g.label(steps.node)}_updates"
    every = writer.reshape(updates, (1, scatter.count, scatter.width), name)
    mask = _matches(scatter, places)
    mask = writer.reshape(mask, (scatter.rows, scatter.count, 1), f"{name}_mask")
    code, reducer = _REDUCTIONS[reduction], _REDUCERS[reduction]
    left = steps.apply("SELECT_V2", mask, every, _IDENTITIES[kind][reduction])
    return steps.apply(code, data, steps.reduce(reducer, left, [1], keep=False))


def _scattered(scatter: _Scatter, places: int, updates: int) -> int:
    steps, shape = scatter.steps, (scatter.rows, scatter.width)
    result = steps.temporary(shape, steps.kind(updates))
    inputs = [places, updates, steps.writer.constant("shape", np.array(shape, np.int32))]
    steps.writer.emit("SCATTER_ND", inputs, [result], "ScatterNdOptions")
    return result


EMITTERS: Emitters = {
    ("", "ScatterElements"): emit_elements,
    ("", "ScatterND"): emit_nd,
}
VERSIONS: Versions = {}
