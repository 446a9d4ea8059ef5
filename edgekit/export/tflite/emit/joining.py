"""Concat, Split and Slice."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit_concat(writer: Writer, node: ir.Node) -> None:
    """Emit CONCATENATION."""
    axis = orders.axis(node.attributes.get_int("axis", 0), writer.order(node.outputs[0]))
    parts = [writer.part(node, index) for index in range(len(node.inputs))]
    writer.emit(
        "CONCATENATION",
        parts,
        [writer.output(node.outputs[0])],
        "ConcatenationOptions",
        {"axis": axis},
    )


def emit_split(writer: Writer, node: ir.Node) -> None:
    """Emit SPLIT for equal parts, one SLICE a part otherwise."""
    source = g.operand(node, 0)
    shape = g.shape_of(source)
    axis = node.attributes.get_int("axis", 0) % len(shape)
    sizes = [g.shape_of(part)[axis] for part in node.outputs]
    if len(set(sizes)) == 1:
        where = np.array(orders.axis(axis, writer.order(source)), dtype=np.int32)
        writer.emit(
            "SPLIT",
            [writer.constant("split_axis", where), writer.tensor(source)],
            [writer.output(part) for part in node.outputs],
            "SplitOptions",
            {"numSplits": len(sizes)},
        )
        return
    start = 0
    for part, size in zip(node.outputs, sizes, strict=True):
        begins = [0] * len(shape)
        begins[axis] = start
        _slice(writer, source, part, begins)
        start += size


def emit_slice(writer: Writer, node: ir.Node) -> None:
    """Emit SLICE; steps other than one are not expressed."""
    source, target = g.operand(node, 0), node.outputs[0]
    shape = g.shape_of(source)
    starts, axes, steps = (
        g.constant(node.inputs[index]) if len(node.inputs) > index else None for index in (1, 3, 4)
    )
    if starts is None or (steps is not None and (steps != 1).any()):
        raise refuse(node, "only constant starts and steps of one are supported", "strided-slice")
    begins = [0] * len(shape)
    for axis, start in zip(range(len(shape)) if axes is None else axes, starts, strict=False):
        size = shape[int(axis)]
        begins[int(axis) % len(shape)] = int(np.clip(start + size if start < 0 else start, 0, size))
    _slice(writer, source, target, begins)


def _slice(writer: Writer, source: ir.Value, target: ir.Value, begins: list[int]) -> None:
    order = writer.order(target)
    sizes, starts = orders.shape(g.shape_of(target), order), orders.shape(begins, order)
    writer.emit(
        "SLICE",
        [
            writer.tensor(source, order),
            writer.constant("slice_begin", np.array(starts, dtype=np.int32)),
            writer.constant("slice_size", np.array(sizes, dtype=np.int32)),
        ],
        [writer.output(target)],
        "SliceOptions",
    )


EMITTERS: Emitters = {
    ("", "Concat"): emit_concat,
    ("", "Slice"): emit_slice,
    ("", "Split"): emit_split,
}
VERSIONS: Versions = {"CONCATENATION": (2, 3), "SLICE": (2, 4), "SPLIT": (2, 4)}
