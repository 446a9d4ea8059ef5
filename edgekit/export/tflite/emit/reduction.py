"""Sums, means, products and extremes over any axes; running sums."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit import types, unary
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.orders import reduced_axes
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

Reduction: TypeAlias = Callable[[Steps, int, list[int], bool], int]
"""From the steps, the operand, stored axes and whether to keep them to the reduced tensor."""

_KERNELS = MappingProxyType({
    "ReduceMax": "REDUCE_MAX",
    "ReduceMean": "MEAN",
    "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PROD",
    "ReduceSum": "SUM",
})  # fmt: skip
_OF_BOOL = MappingProxyType({"REDUCE_MAX": "REDUCE_ANY", "REDUCE_MIN": "REDUCE_ALL"})


def _kernel(code: str) -> Reduction:
    def reduce(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
        of_kind = _OF_BOOL.get(code, code) if steps.kind(x) == "bool" else code
        return steps.reduce(of_kind, x, axes, keep=keep)

    return reduce


def _l1(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
    return steps.reduce("SUM", unary.absolute(steps, x), axes, keep=keep)


def _sum_of_squares(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
    return steps.reduce("SUM", steps.apply("MUL", x, x), axes, keep=keep)


def _l2(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
    return steps.apply("SQRT", _sum_of_squares(steps, x, axes, keep))


def _log_sum(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
    return steps.apply("LOG", steps.reduce("SUM", x, axes, keep=keep))


def _log_sum_exp(steps: Steps, x: int, axes: list[int], keep: bool) -> int:
    """Return max + log(sum(e^(x - max))), which cannot overflow."""
    largest = steps.reduce("REDUCE_MAX", x, axes)
    shifted = steps.apply("EXP", steps.apply("SUB", x, largest))
    rest = steps.apply("LOG", steps.reduce("SUM", shifted, axes, keep=keep))
    shape = steps.writer.program.tensors[rest].shape
    if shape != steps.writer.program.tensors[largest].shape:
        largest = steps.writer.reshape(largest, shape, f"{g.label(steps.node)}_largest")
    return steps.apply("ADD", largest, rest)


def _emit(writer: Writer, node: ir.Node) -> None:
    """Emit a reduction.

    Integers are summed and compared as they are; a mean or a root of them has no exact form.
    """
    steps, source = Steps(writer, node), g.operand(node, 0)
    if 0 in g.shape_of(source):
        raise refuse(node, "an operand without elements is not supported", "empty")
    if len(node.inputs) > 1 and node.inputs[1] is not None and g.constant(node.inputs[1]) is None:
        raise refuse(node, "the axes must be constant", "dynamic-axes")
    number, order = writer.tensor(source), writer.order(source)
    axes = [order.index(axis) for axis in reduced_axes(node)]
    if not axes and order and node.op_type not in _KERNELS:
        raise refuse(node, "a reduction over no axis is not supported", "no-axes")
    keep = len(g.shape_of(node.outputs[0])) == len(order)
    steps.finish(_REDUCTIONS[node.op_type](steps, number, axes, keep) if axes else number)


def emit_running_sum(writer: Writer, node: ir.Node) -> None:
    """Emit CUMSUM along one constant axis."""
    value, order = node.outputs[0], writer.order(node.outputs[0])
    axis = g.scalar(node.inputs[1])
    if axis is None:
        raise refuse(node, "the axis must be constant", "dynamic-axes")
    steps, get = Steps(writer, node), node.attributes
    source = types.fitted(writer, node, "CUMSUM", writer.part(node, 0))
    result = steps.temporary(writer.shape(value), steps.kind(source))
    stored = np.array(orders.axis(int(axis), order), dtype=np.int32)
    values = {key: bool(get.get_int(key, 0)) for key in ("exclusive", "reverse")}
    inputs = [source, writer.constant("axis", stored)]
    writer.emit("CUMSUM", inputs, [result], "CumsumOptions", values)
    steps.finish(result)


_REDUCTIONS: MappingProxyType[str, Reduction] = MappingProxyType({
    **{name: _kernel(code) for name, code in _KERNELS.items()},
    "ReduceL1": _l1,
    "ReduceL2": _l2,
    "ReduceLogSum": _log_sum,
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceSumSquare": _sum_of_squares,
})  # fmt: skip

EMITTERS: Emitters = {
    **{("", name): _emit for name in _REDUCTIONS},
    ("", "CumSum"): emit_running_sum,
}
VERSIONS: Versions = {
    "REDUCE_MAX": (2, 3),
    "REDUCE_MIN": (2, 3),
    "REDUCE_PROD": (2, 2),
    "SUM": (2, 1),
}
