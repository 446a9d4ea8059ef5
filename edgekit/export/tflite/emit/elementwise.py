"""Two-operand arithmetic with numpy broadcasting."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.tflite.emit import activation
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
    """Emit the operator; Max and Min of two operands only."""
    if len(node.inputs) != 2:
        raise refuse(node, f"{len(node.inputs)} operands are not supported", "operand-count")
    rank = len(g.shape_of(node.outputs[0]))
    left, right = g.operand(node, 0), g.operand(node, 1)
    for value in (left, right):
        if rank == 4 and g.constant(value) is None and len(g.shape_of(value)) not in (0, 4):
            raise refuse(node, "operands of different rank are not supported", "mixed-rank")
    code, options = _CODES[node.op_type]
    takes_activation = node.op_type not in ("Max", "Min")
    values = {"fusedActivationFunction": activation.fused(node)} if takes_activation else {}
    writer.emit(
        code,
        [writer.operand(left, rank), writer.operand(right, rank)],
        [writer.output(node.outputs[0])],
        options,
        values,
    )
