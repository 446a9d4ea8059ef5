"""Softmax and its logarithm along any axis."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.graph.annotations import affine_of
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.orders import last
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer

_MOST_DIMENSIONS = 6  # that the XNNPACK delegate takes
_MOST_ELEMENTS = 128  # of which LOG_SOFTMAX needs fewer instructions than six operators of XNNPACK


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit SOFTMAX, which runs over the last stored dimension."""
    source, value = g.operand(node, 0), node.outputs[0]
    order = last(writer.order(value), node.attributes.get_int("axis", -1))
    number = writer.tensor(source, order)
    if len(order) > _MOST_DIMENSIONS:
        number = writer.reshape(number, _rows(writer, number), f"{value.name}_rows")
    elif order == writer.order(value):
        target = writer.output(value)
        writer.emit("SOFTMAX", [number], [target], "SoftmaxOptions", {"beta": 1.0})
        return
    # Stored in an order of the same elements; between them the tensor is encoded as the result is.
    target = writer.output(value)
    sizes = writer.program.tensors[number].shape
    turned = writer.temporary(f"{value.name}_turned", sizes, target)
    writer.emit("SOFTMAX", [number], [turned], "SoftmaxOptions", {"beta": 1.0})
    writer.reshape(turned, writer.shape(value), str(value.name), target)


def _rows(writer: Writer, number: int) -> tuple[int, int]:
    shape = writer.program.tensors[number].shape
    return math.prod(shape[:-1]), shape[-1]


def emit_logarithm(writer: Writer, node: ir.Node) -> None:
    """Emit x - max - log(sum(e^(x - max))), or LOG_SOFTMAX for a few scores that a network ends in.

    The delegate takes all of the former, along any axis, and leaves LOG_SOFTMAX outside.
    """
    value = node.outputs[0]
    steps, order = Steps(writer, node), writer.order(value)
    axis = node.attributes.get_int("axis", -1)
    if _ends_in_few(value) and order == last(orders.natural(len(order)), axis):
        number, target = writer.tensor(node.inputs[0], order), writer.output(value)
        writer.emit("LOG_SOFTMAX", [number], [target], "LogSoftmaxOptions")
        return
    axes = [orders.axis(axis, order)]
    x = writer.part(node, 0)
    shifted = steps.apply("SUB", x, steps.reduce("REDUCE_MAX", x, axes))
    total = steps.reduce("SUM", steps.apply("EXP", shifted), axes)
    steps.finish(steps.apply("SUB", shifted, steps.apply("LOG", total)))


def _ends_in_few(value: ir.Value) -> bool:
    """Tell whether a value is float32 outside, few, and read by nothing that it would cut off."""
    is_plain = value.dtype is ir.DataType.FLOAT and affine_of(value) is None
    return is_plain and not value.uses() and math.prod(g.shape_of(value)) <= _MOST_ELEMENTS


EMITTERS: Emitters = {
    ("", "LogSoftmax"): emit_logarithm,
    ("", "Softmax"): emit,
}
VERSIONS: Versions = {"SOFTMAX": (2, 3)}
