"""Layer, group, instance, batch and root-mean-square normalization, along any stored dimensions.

A deviation enters by RSQRT, so that the XNNPACK delegate takes all of it. A variance is the mean of
the SQUARE of a difference that is needed anyway: one long row, where SQUARED_DIFFERENCE would take
one number for each short one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_TINY = 2e-38  # float32's smallest normal number, nearly


def emit_layer(writer: Writer, node: ir.Node) -> None:
    """Emit LayerNormalization over all dimensions from an axis on, and its statistics if used."""
    steps = Steps(writer, node)
    axes = _trailing(writer, node)
    x = writer.part(node, 0)
    epsilon = node.attributes.get_float("epsilon", 1e-5)
    mean, centred, inverse = _statistics(steps, x, axes, epsilon)
    result = steps.apply("MUL", centred, inverse)
    for code, index in (("MUL", 1), ("ADD", 2)):
        if steps.has(index) and not _is_neutral(g.operand(node, index), code):
            result = steps.apply(code, result, steps.operand(index))
    steps.finish(result)
    for index, number in ((1, mean), (2, inverse)):
        if len(node.outputs) > index and (
            node.outputs[index].uses() or node.outputs[index].is_graph_output()
        ):
            _show(writer, node.outputs[index], number)


def _show(writer: Writer, value: ir.Value, number: int) -> None:
    writer.reshape(number, writer.shape(value), str(value.name), writer.output(value))


def emit_root_mean_square(writer: Writer, node: ir.Node) -> None:
    """Emit RMSNormalization over all dimensions from an axis on."""
    steps, axes = Steps(writer, node), _trailing(writer, node)
    x = writer.part(node, 0)
    power = steps.reduce("MEAN", steps.apply("SQUARE", x), axes)
    inverse = _inverse_root(steps, power, node.attributes.get_float("epsilon", 1e-5))
    result = steps.apply("MUL", x, inverse)
    if not _is_neutral(g.operand(node, 1), "MUL"):
        result = steps.apply("MUL", result, steps.operand(1))
    steps.finish(result)


def _trailing(writer: Writer, node: ir.Node) -> list[int]:
    order = writer.order(node.outputs[0])
    first = node.attributes.get_int("axis", -1) % len(order)
    return [order.index(dimension) for dimension in range(first, len(order))]


def emit_instance(writer: Writer, node: ir.Node) -> None:
    """Emit InstanceNormalization: over space, with a factor and an offset a channel."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    x = writer.part(node, 0)
    axes = [order.index(dimension) for dimension in range(2, len(order))]
    if not axes:
        raise refuse(node, "an operand without space is not supported", "unsupported-rank")
    normal = _normalized(steps, x, axes, node.attributes.get_float("epsilon", 1e-5))
    steps.finish(_per_channel(steps, normal, order))


def emit_group(writer: Writer, node: ir.Node) -> None:
    """Emit GroupNormalization: the channels' dimension is split in two where it is stored."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    groups = node.attributes.get_int("num_groups", 1)
    x = writer.part(node, 0)
    shape, place = writer.program.tensors[x].shape, order.index(1)
    if order[0] != 0:
        raise refuse(node, "a batch that is not stored first is not supported", "layout")
    before, after = math.prod(shape[1:place]), math.prod(shape[place + 1 :])
    split = (shape[0], before, groups, shape[place] // groups, after)
    parted = writer.reshape(x, split, f"{g.label(node)}_groups")
    normal = _normalized(steps, parted, [1, 3, 4], node.attributes.get_float("epsilon", 1e-5))
    whole = writer.reshape(normal, shape, f"{g.label(node)}_joined")
    steps.finish(_per_channel(steps, whole, order))


def _per_channel(steps: Steps, number: int, order: orders.Order) -> int:
    channels = g.shape_of(steps.node.outputs[0])[1]
    for code, index in (("MUL", 1), ("ADD", 2)):
        vector = g.operand(steps.node, index)
        if g.shape_of(vector) != (channels,):  # opset 18 has one number a group
            raise refuse(steps.node, "one factor a group is not supported", "group-scale")
        if not _is_neutral(vector, code):
            number = steps.apply(code, number, steps.per_dimension(index, 1, order))
    return number


def _is_neutral(value: ir.Value, code: str) -> bool:
    array = g.constant(value)
    return array is not None and bool((array == (1 if code == "MUL" else 0)).all())


def emit_mean_variance(writer: Writer, node: ir.Node) -> None:
    """Emit MeanVarianceNormalization: (x - mean) / (deviation + 1e-9)."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    x = writer.part(node, 0)
    axes = [orders.axis(axis, order) for axis in node.attributes.get_ints("axes", (0, 2, 3))]
    mean = steps.reduce("MEAN", x, axes)
    centred = steps.apply("SUB", x, mean)
    variance = steps.reduce("MEAN", steps.apply("SQUARE", centred), axes)
    deviation = steps.apply("ADD", steps.apply("SQRT", variance), 1e-9)
    steps.finish(steps.apply("DIV", centred, deviation))


def emit_norm(writer: Writer, node: ir.Node) -> None:
    """Emit LpNormalization: x over its L1 or L2 norm along an axis; zeros stay zero."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    axes = [orders.axis(node.attributes.get_int("axis", -1), order)]
    x = writer.part(node, 0)
    if node.attributes.get_int("p", 2) == 1:
        norm = steps.reduce("SUM", steps.apply("ABS", x), axes)
    else:
        norm = steps.apply("SQRT", steps.reduce("SUM", steps.apply("SQUARE", x), axes))
    steps.finish(steps.apply("DIV", x, steps.apply("MAXIMUM", norm, _TINY)))


def emit_batch(writer: Writer, node: ir.Node) -> None:
    """Emit BatchNormalization with constant statistics: one product, one sum."""
    arrays = [g.constant(value) for value in node.inputs[1:5]]
    if node.attributes.get_int("training_mode", 0) or len(node.outputs) > 1:
        raise refuse(node, "training mode is not supported", "training-mode")
    if any(array is None for array in arrays):
        raise refuse(node, "the statistics must be constant", "dynamic-statistics")
    scale, bias, mean, variance = (np.asarray(array, dtype=np.float64) for array in arrays)
    factor = scale / np.sqrt(variance + node.attributes.get_float("epsilon", 1e-5))
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    shape, name = [1] * len(order), g.label(node)
    shape[1 if len(order) > 1 else 0] = -1
    number = writer.part(node, 0)
    for code, array in (("MUL", factor), ("ADD", bias - mean * factor)):
        stored = orders.operand(array.astype(np.float32).reshape(shape), order)
        number = steps.apply(code, number, writer.constant(f"{name}_{code.lower()}", stored))
    steps.finish(number)


def _normalized(steps: Steps, x: int, axes: Sequence[int], epsilon: float) -> int:
    _, centred, inverse = _statistics(steps, x, axes, epsilon)
    return steps.apply("MUL", centred, inverse)


def _statistics(steps: Steps, x: int, axes: Sequence[int], epsilon: float) -> tuple[int, int, int]:
    """Return the mean, what x is beside it, and one over the deviation."""
    mean = steps.reduce("MEAN", x, axes)
    centred = steps.apply("SUB", x, mean)
    variance = steps.reduce("MEAN", steps.apply("SQUARE", centred), axes)
    return mean, centred, _inverse_root(steps, variance, epsilon)


def _inverse_root(steps: Steps, square: int, epsilon: float) -> int:
    """Return 1 / sqrt(square + epsilon); XNNPACK's RSQRT of zero is not a number."""
    shifted = square if abs(epsilon) < _TINY else steps.apply("ADD", square, epsilon)
    if epsilon < _TINY:
        return steps.apply("DIV", 1.0, steps.apply("SQRT", shifted))
    return steps.apply("RSQRT", shifted)


EMITTERS: Emitters = {
    ("", "BatchNormalization"): emit_batch,
    ("", "GroupNormalization"): emit_group,
    ("", "InstanceNormalization"): emit_instance,
    ("", "LayerNormalization"): emit_layer,
    ("", "LpNormalization"): emit_norm,
    ("", "MeanVarianceNormalization"): emit_mean_variance,
    ("", "RMSNormalization"): emit_root_mean_square,
}
VERSIONS: Versions = {"RSQRT": (2, 3), "SQUARED_DIFFERENCE": (2, 1)}
