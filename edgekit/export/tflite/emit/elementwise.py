"""Elementwise arithmetic with numpy broadcasting."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit import activation
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
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
    code, options = _CODES[node.op_type]
    operands = [writer.operand(node, index) for index in (0, 1)]
    target = writer.output(node.outputs[0])
    values: dict[str, OptionValue] = {"fusedActivationFunction": activation.fused(node)}
    if code in ("ADD", "SUB") and writer.program.tensors[target].dtype == np.int16:
        values["potScaleInt16"] = False  # scales need not be powers of two
    writer.emit(code, operands, [target], options, values)


def emit_extremum(writer: Writer, node: ir.Node) -> None:
    """Emit MAXIMUM or MINIMUM, a chain of them for more than two operands."""
    if len(node.inputs) < 2:
        raise refuse(node, "a single operand is not supported", "operand-count")
    code, options = _CODES[node.op_type]
    target = writer.output(node.outputs[0])
    shape = writer.program.tensors[target].shape
    first, *others = [writer.operand(node, index) for index in range(len(node.inputs))]
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


EMITTERS: Emitters = {
    ("", "Add"): emit,
    ("", "Div"): emit,
    ("", "Max"): emit_extremum,
    ("", "Min"): emit_extremum,
    ("", "Mul"): emit,
    ("", "Sub"): emit,
}
VERSIONS: Versions = {
    "ADD": (2, 3),
    "MAXIMUM": (2, 4),
    "MINIMUM": (2, 4),
    "MUL": (2, 4),
    "SUB": (2, 5),
}
