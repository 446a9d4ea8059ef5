"""Reshape and Transpose of canonical values, and explicit Pad.

A Reshape means NCHW order. Where the stored NHWC order differs, the value is transposed first
and, if the result is an image map again, afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import layout
from edgekit.export.graph import nodes as g
from edgekit.export.tflite.writer import Writer, refuse


def emit_reshape(writer: Writer, node: ir.Node) -> None:
    """Emit RESHAPE, between TRANSPOSEs where the element order needs it."""
    source, target = g.operand(node, 0), node.outputs[0]
    before, after = g.shape_of(source), g.shape_of(target)
    number = writer.tensor(source)
    if not layout.order_is_free(before):
        number = transpose(writer, number, layout.TO_NCHW, f"{source.name}_nchw")
    if layout.order_is_free(after):
        reshape(writer, number, layout.shape(after), writer.output(target))
        return
    flat = writer.temporary(f"{target.name}_nchw", after, number)
    reshape(writer, number, after, flat)
    transpose(writer, flat, layout.TO_NHWC, f"{target.name}", writer.output(target))


def emit_stored_reshape(writer: Writer, node: ir.Node) -> None:
    """Emit RESHAPE, the stored order left as it is."""
    shape = layout.shape(g.shape_of(node.outputs[0]))
    reshape(writer, writer.tensor(node.inputs[0]), shape, writer.output(node.outputs[0]))


def emit_identity(writer: Writer, node: ir.Node) -> None:
    """Emit a RESHAPE that changes nothing: a second name for a value, as outputs have."""
    target = writer.output(node.outputs[0])
    shape = writer.program.tensors[target].shape
    reshape(writer, writer.tensor(node.inputs[0]), shape, target)


def emit_transpose(writer: Writer, node: ir.Node) -> None:
    """Emit TRANSPOSE with the permutation that the stored orders ask for."""
    source, target = g.operand(node, 0), node.outputs[0]
    rank = len(g.shape_of(source))
    order = node.attributes.get_ints("perm", tuple(reversed(range(rank))))
    if rank == 4:
        order = [layout.TO_NHWC.index(order[axis]) for axis in layout.TO_NHWC]
    transpose(writer, writer.tensor(source), order, "", writer.output(target))


def emit_pad(writer: Writer, node: ir.Node) -> None:
    """Emit a zero PAD over the spatial axes."""
    source = g.operand(node, 0)
    amounts = g.constant(node.inputs[1])
    value = g.scalar(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else 0.0
    is_zero = node.attributes.get_string("mode", "constant") == "constant" and value == 0.0
    if amounts is None or len(amounts) != 8 or not is_zero or amounts[[0, 1, 4, 5]].any():
        raise refuse(node, "only zero padding of height and width is supported", "padding-mode")
    if (amounts < 0).any():
        raise refuse(node, "negative padding is not supported", "padding-mode")
    pads = np.array([[0, 0], amounts[[2, 6]], amounts[[3, 7]], [0, 0]], dtype=np.int32)
    writer.emit(
        "PAD",
        [writer.tensor(source), writer.constant("pads", pads)],
        [writer.output(node.outputs[0])],
        "PadOptions",
    )


def reshape(writer: Writer, source: int, shape: tuple[int, ...], target: int) -> None:
    """Emit RESHAPE of a stored tensor."""
    sizes = np.array(shape, dtype=np.int32)
    values = {"newShape": tuple(int(size) for size in shape)}
    inputs = [source, writer.constant("shape", sizes)]
    writer.emit("RESHAPE", inputs, [target], "ReshapeOptions", values)


def transpose(
    writer: Writer, source: int, order: Sequence[int], name: str, target: int = -1
) -> int:
    """Emit TRANSPOSE of a stored tensor into ``target``, or a new tensor, and return it."""
    if target < 0:
        shape = writer.program.tensors[source].shape
        target = writer.temporary(name, [shape[axis] for axis in order], source)
    permutation = writer.constant("perm", np.array(order, dtype=np.int32))
    writer.emit("TRANSPOSE", [source, permutation], [target], "TransposeOptions")
    return target
