"""Gather and its kin: values read and written at places that indices name.

ONNX counts negative indices from the end, LiteRT does not: constant ones are counted anew here,
computed ones pass through FLOOR_MOD.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit_gather(writer: Writer, node: ir.Node) -> None:
    """Emit GATHER along any axis, or SLICE where constant indices follow each other.

    The XNNPACK delegate takes SLICE, and leaves GATHER outside.
    """
    source, result = g.operand(node, 0), node.outputs[0]
    sizes = g.shape_of(source)
    axis = node.attributes.get_int("axis", 0) % len(sizes)
    is_constant = g.constant(source) is not None
    order = orders.natural(len(sizes)) if is_constant else writer.order(source)
    places = _run(node, sizes[axis])
    if places is not None:
        _emit_slice(writer, node, order, axis, places)
        return
    indices = _indices(writer, node, sizes[axis])
    inputs = [writer.tensor(source, order), indices]
    values = {"axis": orders.axis(axis, order)}
    made = orders.spread(order, axis, len(g.shape_of(result)) - len(sizes) + 1)
    _finish(writer, node, "GATHER", inputs, made, "GatherOptions", values)


def _finish(
    writer: Writer,
    node: ir.Node,
    code: str,
    inputs: list[int],
    made: orders.Order,
    options: str,
    values: Mapping[str, OptionValue] | None = None,
) -> None:
    """Emit the operator that makes the result in an order that holds its elements alike."""
    result = node.outputs[0]
    target, shape = writer.output(result), orders.shape(g.shape_of(result), made)
    if shape == writer.shape(result):
        writer.emit(code, inputs, [target], options, values)
        return
    number = writer.temporary(f"{result.name}_gathered", shape, target)
    writer.emit(code, inputs, [number], options, values)
    writer.reshape(number, writer.shape(result), str(result.name), target)


def _run(node: ir.Node, size: int) -> range | None:
    """Return the constant indices of a Gather if they are a scalar, or follow each other."""
    given = g.constant(node.inputs[1])
    if given is None or given.ndim > 1 or not given.size:
        return None
    places = np.where(given < 0, given + size, given).reshape(-1)
    run = range(int(places[0]), int(places[0]) + places.size)
    return run if np.array_equal(places, run) else None


def _emit_slice(
    writer: Writer, node: ir.Node, order: orders.Order, axis: int, places: range
) -> None:
    source, result = g.operand(node, 0), node.outputs[0]
    number = writer.tensor(source, order)
    sizes = list(writer.program.tensors[number].shape)
    begins = [0] * len(sizes)
    begins[orders.axis(axis, order)], sizes[orders.axis(axis, order)] = places.start, len(places)
    inputs = [
        number,
        writer.constant("slice_begin", np.array(begins, np.int32)),
        writer.constant("slice_size", np.array(sizes, np.int32)),
    ]
    if writer.shape(result) == tuple(sizes):
        writer.emit("SLICE", inputs, [writer.output(result)], "SliceOptions")
        return
    cut = writer.temporary(f"{result.name}_cut", sizes, number)
    writer.emit("SLICE", inputs, [cut], "SliceOptions")
    writer.reshape(cut, writer.shape(result), str(result.name), writer.output(result))


def emit_gather_nd(writer: Writer, node: ir.Node) -> None:
    """Emit GATHER_ND."""
    source, result = g.operand(node, 0), node.outputs[0]
    if node.attributes.get_int("batch_dims", 0):
        raise refuse(node, "batch dimensions are not supported", "batched-indices")
    sizes = g.shape_of(source)
    depth = g.shape_of(g.operand(node, 1))[-1]
    inputs = [
        writer.tensor(source, orders.natural(len(sizes))),
        _indices(writer, node, np.array(sizes[:depth])),
    ]
    made = orders.natural(len(g.shape_of(result)))
    _finish(writer, node, "GATHER_ND", inputs, made, "GatherNdOptions")


def emit_gather_elements(writer: Writer, node: ir.Node) -> None:
    """Emit GATHER from the flattened value, at places computed from the indices."""
    source, result = g.operand(node, 0), node.outputs[0]
    sizes, taken = g.shape_of(source), g.shape_of(result)
    axis = node.attributes.get_int("axis", 0) % len(sizes)
    strides = [math.prod(sizes[d + 1 :]) for d in range(len(sizes))]
    grid = np.indices(taken)
    base = sum(grid[d] * strides[d] for d in range(len(sizes)) if d != axis)
    base = np.zeros(taken, np.int64) + base
    given = g.constant(node.inputs[1])
    if given is not None:
        places = np.where(given < 0, given + sizes[axis], given) * strides[axis] + base
        indices = writer.constant(f"{g.label(node)}_places", places.astype(np.int32))
    else:
        indices = _indices(writer, node, sizes[axis])
        dtype = writer.program.tensors[indices].dtype
        for code, number in (("MUL", np.array(strides[axis])), ("ADD", base)):
            target = writer.scratch(f"{g.label(node)}_{code.lower()}", taken, dtype)
            operand = writer.constant(f"{g.label(node)}_{code.lower()}_by", number.astype(dtype))
            writer.emit(code, [indices, operand], [target], f"{code.capitalize()}Options")
            indices = target
    flat = writer.reshape(
        writer.tensor(source, orders.natural(len(sizes))),
        (math.prod(sizes),),
        f"{source.name}_flat",
    )
    made, inputs = orders.natural(len(taken)), [flat, indices]
    _finish(writer, node, "GATHER", inputs, made, "GatherOptions", {"axis": 0})


def _indices(writer: Writer, node: ir.Node, size: int | np.ndarray) -> int:
    """Return the tensor of a node's indices, none of them negative."""
    value = g.operand(node, 1)
    given = g.constant(value)
    name = f"{g.label(node)}_indices"
    if given is not None:
        return writer.constant(name, np.where(given < 0, given + size, given).astype(np.int32))
    number = writer.tensor(value, orders.natural(len(g.shape_of(value))))
    tensor = writer.program.tensors[number]
    if tensor.dtype not in (np.int32, np.int64):
        raise refuse(node, "indices must be int32 or int64", "dtype")
    target = writer.scratch(name, tensor.shape, tensor.dtype)
    sizes = writer.constant(f"{name}_sizes", np.asarray(size).astype(tensor.dtype))
    writer.emit("FLOOR_MOD", [number, sizes], [target], "FloorModOptions")
    return target


EMITTERS: Emitters = {
    ("", "Gather"): emit_gather,
    ("", "GatherElements"): emit_gather_elements,
    ("", "GatherND"): emit_gather_nd,
}
VERSIONS: Versions = {"GATHER": (2, 4)}
