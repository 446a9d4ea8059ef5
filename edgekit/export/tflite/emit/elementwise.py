"""Elementwise arithmetic with numpy broadcasting."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit import activation
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.writer import Writer, refuse

_CODES = {
    "Add": ("ADD", "AddOptions"),
    "Sub": ("SUB", "SubOptions"),
    "Mul": ("MUL", "MulOptions"),
    "Div": ("DIV", "DivOptions"),
    "Max": ("MAXIMUM", "MaximumMinimumOptions"),
    "Min": ("MINIMUM", "MaximumMinimumOptions"),
}


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit an operator of two operands."""
    _check_ranks(node)
    code, options = _CODES[node.op_type]
    rank = len(g.shape_of(node.outputs[0]))
    operands = [writer.operand(node, index, rank) for index in (0, 1)]
    target = writer.output(node.outputs[0])
    values: dict[str, OptionValue] = {"fusedActivationFunction": activation.fused(node)}
    if code in ("ADD", "SUB") and writer.program.tensors[target].dtype == np.int16:
        values["potScaleInt16"] = False  # scales need not be powers of two
    writer.emit(code, operands, [target], options, values)


def emit_extremum(writer: Writer, node: ir.Node) -> None:
    """Emit MAXIMUM or MINIMUM, a chain of them for more than two operands."""
    if len(node.inputs) < 2:
        raise refuse(node, "a single operand is not supported", "operand-count")
    _check_ranks(node)
    code, options = _CODES[node.op_type]
    target = writer.output(node.outputs[0])
    shape = writer.program.tensors[target].shape
    first, *others = [writer.operand(node, index, len(shape)) for index in range(len(node.inputs))]
    for index, other in enumerate(others):
        is_last = index == len(others) - 1
        result = target if is_last else writer.temporary(f"{g.label(node)}_{index}", shape, target)
        if not is_last and _broadcast(writer, first, other) != shape:
            raise refuse(node, "operands that all broadcast are not supported", "operand-count")
        writer.emit(code, [first, other], [result], options)
        first = result


def _broadcast(writer: Writer, left: int, right: int) -> tuple[int, ...]:
    tensors = writer.program.tensors
    return np.broadcast_shapes(tensors[left].shape, tensors[right].shape)


def _check_ranks(node: ir.Node) -> None:
    """Refuse to broadcast an image map, which is stored in another order, against other ranks."""
    ranks = {len(g.shape_of(v)) for v in node.inputs if v is not None and g.constant(v) is None}
    ranks |= {len(g.shape_of(node.outputs[0]))}
    if 4 in ranks and ranks - {0, 4}:
        raise refuse(node, "operands of different rank are not supported", "mixed-rank")
