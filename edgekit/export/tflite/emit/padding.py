"""Pad in every mode, Tile and Expand: values that grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_REFLECT = 0  # of MIRROR_PAD
_MOST_DIMENSIONS = 5  # that PAD takes
_MOST_OPERAND_DIMENSIONS = 6  # of a product that XNNPACK takes
_MOST_ONES = 1024  # that a file holds for one product
_BROADCAST_VERSION = 2  # the first in the builtin operators


def emit_pad(writer: Writer, node: ir.Node) -> None:
    """Emit PAD, PADV2, MIRROR_PAD, or GATHERs for borders that TFLite has no operator for."""
    amounts = g.constant(node.inputs[1])
    if amounts is None or (len(node.inputs) > 3 and node.inputs[3] is not None):
        raise refuse(node, "only constant amounts for all axes are supported", "dynamic-padding")
    order = writer.order(node.outputs[0])
    pads = amounts.reshape(2, -1).T[list(order)].astype(np.int32)
    mode = node.attributes.get_string("mode", "constant")
    if mode == "constant":
        _emit_constant(writer, node, pads)
    elif mode == "reflect" and (pads >= 0).all() and _is_shallow(node, pads, order):
        inputs = [writer.operand(node, 0), writer.constant("pads", pads)]
        values = {"mode": _REFLECT}
        target = writer.output(node.outputs[0])
        writer.emit("MIRROR_PAD", inputs, [target], "MirrorPadOptions", values)
    else:
        _emit_gathered(writer, node, pads, mode)


def _is_shallow(node: ir.Node, pads: np.ndarray, order: orders.Order) -> bool:
    sizes = orders.shape(g.shape_of(g.operand(node, 0)), order)
    return all(max(pad) < size for pad, size in zip(pads.tolist(), sizes, strict=True))


def _emit_constant(writer: Writer, node: ir.Node, pads: np.ndarray) -> None:
    source, result = writer.operand(node, 0), node.outputs[0]
    value = g.constant(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else None
    if len(node.inputs) > 2 and node.inputs[2] is not None and value is None:
        raise refuse(node, "the value to pad with must be constant", "dynamic-padding")
    if (pads < 0).any():
        source, pads = _cut(writer, node, source, pads)
    if value is not None and value.any() and writer.integer:
        raise refuse(node, "integers are padded with zero only", "padding-mode")
    if len(pads) <= _MOST_DIMENSIONS:
        _pad(writer, source, pads, value, writer.output(result))
        return
    shape = list(writer.program.tensors[source].shape)
    for axis in np.flatnonzero(pads.any(axis=1)):  # one after the other, among those around it
        begin, end = pads[axis]
        around = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
        merged = writer.reshape(source, around, f"{g.label(node)}_merged")
        shape[axis] += int(begin + end)
        grown = writer.temporary(
            f"{g.label(node)}_grown", (around[0], shape[axis], around[2]), merged
        )
        _pad(writer, merged, np.array([[0, 0], [begin, end], [0, 0]], np.int32), value, grown)
        source = grown
    writer.reshape(source, shape, str(result.name), writer.output(result))


def _pad(
    writer: Writer, source: int, pads: np.ndarray, value: np.ndarray | None, target: int
) -> None:
    inputs = [source, writer.constant("pads", pads)]
    if value is None or not value.any():
        writer.emit("PAD", inputs, [target], "PadOptions")
        return
    inputs.append(writer.constant("pad_value", value.reshape(1)))
    writer.emit("PADV2", inputs, [target], "PadV2Options")


def _cut(writer: Writer, node: ir.Node, source: int, pads: np.ndarray) -> tuple[int, np.ndarray]:
    """Emit SLICE for negative amounts and return its result and the amounts that are left."""
    taken = np.minimum(pads, 0)
    shape = np.array(writer.program.tensors[source].shape)
    sizes = shape + taken.sum(axis=1)
    if (sizes < 1).any():
        raise refuse(node, "padding takes everything away", "padding-mode")
    target = writer.temporary(f"{g.label(node)}_cut", [int(size) for size in sizes], source)
    inputs = [
        source,
        writer.constant("slice_begin", (-taken[:, 0]).astype(np.int32)),
        writer.constant("slice_size", sizes.astype(np.int32)),
    ]
    writer.emit("SLICE", inputs, [target], "SliceOptions")
    return target, np.maximum(pads, 0)


def _emit_gathered(writer: Writer, node: ir.Node, pads: np.ndarray, mode: str) -> None:
    """Emit one GATHER an axis that is padded: each element of the result names its source."""
    number, result = writer.operand(node, 0), node.outputs[0]
    shape = list(writer.program.tensors[number].shape)
    padded = [axis for axis in range(len(shape)) if pads[axis].any()]
    for axis in padded:
        places = np.arange(-pads[axis][0], shape[axis] + pads[axis][1])
        shape[axis] = places.size
        places = _PLACES[mode](places, writer.program.tensors[number].shape[axis])
        is_last = axis == padded[-1]
        target = (
            writer.output(result)
            if is_last
            else writer.temporary(f"{g.label(node)}_axis_{axis}", shape, number)
        )
        inputs = [number, writer.constant("places", places.astype(np.int32))]
        writer.emit("GATHER", inputs, [target], "GatherOptions", {"axis": axis})
        number = target


def _reflected(places: np.ndarray, size: int) -> np.ndarray:
    if size == 1:
        return np.zeros_like(places)
    period = 2 * (size - 1)
    turned = places % period
    return np.where(turned < size, turned, period - turned)


def _clamped(places: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(np.clip(places, 0, size - 1))


def _wrapped(places: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(places % size)


_PLACES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "edge": _clamped,
    "reflect": _reflected,
    "wrap": _wrapped,
}


def emit_tile(writer: Writer, node: ir.Node) -> None:
    """Emit TILE; of float32, a product with ones between two RESHAPEs, which XNNPACK takes."""
    repeats = g.constant(node.inputs[1])
    if repeats is None:
        raise refuse(node, "the repeats must be constant", "dynamic-shape")
    counts = orders.shape(repeats.tolist(), writer.order(node.outputs[0]))
    source = writer.operand(node, 0)
    shape = writer.program.tensors[source].shape
    apart, ones = list[int](), list[int]()
    for count, size in zip(counts, shape, strict=True):
        own = [(1, count), (size, 1)] if count > 1 and size > 1 else [(size, count)]
        apart += [each for each, _ in own]
        ones += [each for _, each in own]
    if _is_float(writer, source) and len(apart) <= _MOST_OPERAND_DIMENSIONS:
        steps = Steps(writer, node)
        if len(apart) > len(shape):
            source = writer.reshape(source, apart, f"{g.label(node)}_apart")
        steps.finish(_spread(steps, source, ones))
        return
    inputs = [source, writer.constant("repeats", np.array(counts, np.int32))]
    writer.emit("TILE", inputs, [writer.output(node.outputs[0])], "TileOptions")


def emit_expand(writer: Writer, node: ir.Node) -> None:
    """Emit BROADCAST_TO; of float32 a product with ones, which XNNPACK takes."""
    result, source = node.outputs[0], writer.operand(node, 0)
    shape, own = writer.shape(result), writer.program.tensors[source].shape
    if _is_float(writer, source) and len(shape) <= _MOST_OPERAND_DIMENSIONS:
        steps, sizes = Steps(writer, node), (*[1] * (len(shape) - len(own)), *own)
        ones = [1 if size == wide else wide for size, wide in zip(sizes, shape, strict=True)]
        steps.finish(_spread(steps, source, ones))
        return
    inputs = [source, writer.constant("shape", np.array(shape, np.int32))]
    target = writer.output(result)
    writer.emit("BROADCAST_TO", inputs, [target], "BroadcastToOptions", version=_BROADCAST_VERSION)


def _is_float(writer: Writer, number: int) -> bool:
    return writer.program.tensors[number].dtype == np.float32


def _spread(steps: Steps, source: int, sizes: Sequence[int]) -> int:
    """Repeat a tensor along its dimensions of size 1; at once, unless that takes many ones."""
    whole = math.prod(sizes) <= _MOST_ONES
    one_by_one = [
        [size if axis == chosen else 1 for axis, size in enumerate(sizes)]
        for chosen in range(len(sizes))
        if sizes[chosen] > 1
    ]
    for shape in [sizes] if whole else one_by_one:
        ones = steps.writer.constant(f"{g.label(steps.node)}_ones", np.ones(shape, np.float32))
        source = steps.apply("MUL", source, ones)
    return source


EMITTERS: Emitters = {
    ("", "Expand"): emit_expand,
    ("", "Pad"): emit_pad,
    ("", "Tile"): emit_tile,
}
VERSIONS: Versions = {"BROADCAST_TO": (2, 3), "MIRROR_PAD": (2, 3), "PAD": (2, 3), "PADV2": (2, 3)}
