"""Concat, Split and Slice."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.spatial import VALID
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_MOST_DIMENSIONS = 6  # that the XNNPACK delegate takes


def emit_concat(writer: Writer, node: ir.Node) -> None:
    """Emit CONCATENATION."""
    axis = orders.axis(node.attributes.get_int("axis", 0), writer.order(node.outputs[0]))
    parts = [writer.part(node, index) for index in range(len(node.inputs))]
    target = writer.output(node.outputs[0])
    if len(writer.program.tensors[target].shape) <= _MOST_DIMENSIONS:
        writer.emit("CONCATENATION", parts, [target], "ConcatenationOptions", {"axis": axis})
        return
    merged = [_around(writer, part, axis) for part in parts]
    sizes = [writer.program.tensors[part].shape for part in merged]
    shape = (sizes[0][0], sum(size[1] for size in sizes), sizes[0][2])
    joined = writer.temporary(f"{g.label(node)}_joined", shape, target)
    writer.emit("CONCATENATION", merged, [joined], "ConcatenationOptions", {"axis": 1})
    writer.reshape(joined, writer.shape(node.outputs[0]), str(node.outputs[0].name), target)


def _around(writer: Writer, number: int, axis: int) -> int:
    """Return a tensor as (before, axis, behind)."""
    shape = writer.program.tensors[number].shape
    sizes = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    return writer.reshape(number, sizes, "around")


def emit_split(writer: Writer, node: ir.Node) -> None:
    """Emit SPLIT for equal parts, one SLICE a part otherwise."""
    source = g.operand(node, 0)
    shape = g.shape_of(source)
    axis = node.attributes.get_int("axis", 0) % len(shape)
    sizes = [g.shape_of(part)[axis] for part in node.outputs]
    if len(set(sizes)) == 1:
        _split_equally(writer, node, axis)
        return
    start = 0
    for part, size in zip(node.outputs, sizes, strict=True):
        begins = [0] * len(shape)
        begins[axis] = start
        _slice(writer, source, part, begins)
        start += size


def _split_equally(writer: Writer, node: ir.Node, axis: int) -> None:
    """Emit SPLIT in the order of the operand, and RESHAPE where the parts are stored otherwise.

    A part of size one may be called NHWC, as its elements lie alike.
    """
    order = writer.order(g.operand(node, 0))
    where = writer.constant("split_axis", np.array(orders.axis(axis, order), dtype=np.int32))
    inputs, values = [where, writer.tensor(node.inputs[0])], {"numSplits": len(node.outputs)}
    targets = [writer.output(part) for part in node.outputs]
    made = orders.shape(g.shape_of(node.outputs[0]), order)
    if made == writer.shape(node.outputs[0]):
        writer.emit("SPLIT", inputs, targets, "SplitOptions", values)
        return
    parts = [writer.temporary(f"{part.name}_cut", made, targets[0]) for part in node.outputs]
    writer.emit("SPLIT", inputs, parts, "SplitOptions", values)
    for value, part, target in zip(node.outputs, parts, targets, strict=True):
        writer.reshape(part, writer.shape(value), str(value.name), target)


def emit_slice(writer: Writer, node: ir.Node) -> None:
    """Emit SLICE, or for other steps than one a convolution of single weights or STRIDED_SLICE."""
    source, target = g.operand(node, 0), node.outputs[0]
    shape = g.shape_of(source)
    starts, axes, steps = (
        g.constant(node.inputs[index])
        if len(node.inputs) > index and node.inputs[index] is not None
        else None
        for index in (1, 3, 4)
    )
    if starts is None or (len(node.inputs) > 4 and node.inputs[4] is not None and steps is None):
        raise refuse(node, "only constant starts and steps are supported", "dynamic-slice")
    begins, strides = [0] * len(shape), [1] * len(shape)
    for number, start in enumerate(starts.reshape(-1)):
        axis = int(number if axes is None else axes.reshape(-1)[number]) % len(shape)
        step = 1 if steps is None else int(steps.reshape(-1)[number])
        size, last = shape[axis], shape[axis] - (step < 0)
        begins[axis] = int(np.clip(start + size if start < 0 else start, 0, last))
        strides[axis] = step
    if all(step == 1 for step in strides):
        _slice(writer, source, target, begins)
    else:
        _strided_slice(writer, source, target, begins, strides)


def _strided_slice(
    writer: Writer, source: ir.Value, target: ir.Value, begins: list[int], strides: list[int]
) -> None:
    order, sizes = writer.order(target), g.shape_of(target)
    if _skips_places(writer, source, order, strides):
        _pick(writer, source, target, begins, strides)
        return
    ends = [b + n * s for b, n, s in zip(begins, sizes, strides, strict=True)]
    masked = [orders.axis(axis, order) for axis, end in enumerate(ends) if end < 0]
    named = (("begin", begins), ("end", [max(end, 0) for end in ends]), ("strides", strides))
    inputs = [writer.tensor(source, order)]
    for name, numbers in named:
        stored = np.array(orders.shape(numbers, order), dtype=np.int32)
        inputs.append(writer.constant(f"slice_{name}", stored))
    values = {"endMask": sum(1 << axis for axis in masked)}  # down to the first element
    writer.emit("STRIDED_SLICE", inputs, [writer.output(target)], "StridedSliceOptions", values)


def _skips_places(
    writer: Writer, source: ir.Value, order: orders.Order, strides: list[int]
) -> bool:
    """Tell whether a slice skips rows and columns of floats, but no channels."""
    stored = writer.program.tensors[writer.tensor(source, order)]
    if len(order) != 4 or stored.dtype != np.float32:
        return False
    batch, rows, columns, channels = orders.shape(strides, order)
    return batch == channels == 1 and rows > 0 and columns > 0


def _pick(
    writer: Writer, source: ir.Value, target: ir.Value, begins: list[int], strides: list[int]
) -> None:
    """Emit a depthwise convolution of ones: the delegate takes no STRIDED_SLICE."""
    order = writer.order(target)
    starts, steps = orders.shape(begins, order), orders.shape(strides, order)
    made, given = (orders.shape(g.shape_of(value), order) for value in (target, source))
    needed = tuple((count - 1) * step + 1 for count, step in zip(made, steps, strict=True))
    number, final = writer.tensor(source, order), writer.output(target)
    same = [(size - 1) // step + 1 for size, step in zip(given, steps, strict=True)]
    if any(starts) or same != list(made):
        bounds = [
            writer.constant(f"slice_{name}", np.array(numbers, dtype=np.int32))
            for name, numbers in (("begin", starts), ("size", needed))
        ]
        part = writer.temporary(f"{target.name}_part", needed, final)
        writer.emit("SLICE", [number, *bounds], [part], "SliceOptions")
        number = part
    ones = writer.constant("slice_one", np.ones((1, 1, 1, made[3]), dtype=np.float32))
    zeros = writer.constant("slice_zero", np.zeros(made[3], dtype=np.float32))
    values: dict[str, OptionValue] = {
        "padding": VALID, "strideH": steps[1], "strideW": steps[2], "depthMultiplier": 1,
        "dilationHFactor": 1, "dilationWFactor": 1,
    }  # fmt: skip
    code, options = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"
    writer.emit(code, [number, ones, zeros], [final], options, values)


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
VERSIONS: Versions = {
    "CONCATENATION": (2, 3),
    "SLICE": (2, 4),
    "SPLIT": (2, 4),
    "STRIDED_SLICE": (2, 4),
}
