"""Elementwise arithmetic with numpy broadcasting."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit import activation, constant_rows, types, unary, wide_quotient
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.emit.whole_ranges import fits_int32
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_NEARLY_WHOLE = 1e-2
_CODES = {
    "Add": ("ADD", "AddOptions"),
    "Sub": ("SUB", "SubOptions"),
    "Mul": ("MUL", "MulOptions"),
    "Div": ("DIV", "DivOptions"),
    "Max": ("MAXIMUM", "MaximumMinimumOptions"),
    "Min": ("MINIMUM", "MaximumMinimumOptions"),
}


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit an operator of two operands; the quotient of integers is cut towards zero."""
    code, options = _CODES[node.op_type]
    operands = [writer.operand(node, index) for index in (0, 1)]
    kinds = {writer.program.tensors[number].dtype.name for number in operands}
    if not writer.integer and kinds & {"int8", "uint8", "int16", "int64"}:
        _emit_plain_integers(writer, node, code, operands)
        return
    if not writer.integer:
        operands = constant_rows.lengthen(writer, operands, writer.shape(node.outputs[0]))
    target = writer.output(node.outputs[0])
    values: dict[str, OptionValue] = {"fusedActivationFunction": activation.fused(node)}
    if code in ("ADD", "SUB") and writer.program.tensors[target].dtype == np.int16:
        values["potScaleInt16"] = False  # scales need not be powers of two
    writer.emit(code, operands, [target], options, values)


def _emit_plain_integers(writer: Writer, node: ir.Node, code: str, operands: list[int]) -> None:
    steps = Steps(writer, node)
    if code == "DIV" and steps.kind(operands[0]) == "int64":
        if not all(fits_int32(g.operand(node, index)) for index in (0, 1)):
            steps.finish(wide_quotient.emit(steps, *operands))
            return
        operands = [_narrowed(writer, node, index) for index in (0, 1)]
    values: dict[str, OptionValue] = {"fusedActivationFunction": activation.fused(node)}
    steps.finish(steps.apply(code, *operands, values=values))


def _narrowed(writer: Writer, node: ir.Node, index: int) -> int:
    """Return an int64 operand as int32, which holds what it can be."""
    number = writer.operand(node, index)
    tensor = writer.program.tensors[number]
    if tensor.data is not None:
        return writer.constant(f"{tensor.name}_int32", tensor.data.astype(np.int32))
    return types.cast(writer, number, "int32")


def emit_extremum(writer: Writer, node: ir.Node) -> None:
    """Emit MAXIMUM or MINIMUM, a chain of them for more than two operands."""
    code, _ = _CODES[node.op_type]
    if writer.integer and len(node.inputs) > 1:
        _emit_integer_extremum(writer, node)
        return
    steps = Steps(writer, node)
    steps.finish(_chain(steps, code))


def _emit_integer_extremum(writer: Writer, node: ir.Node) -> None:
    code, options = _CODES[node.op_type]
    target = writer.output(node.outputs[0])
    first, *others = [writer.operand(node, index) for index in range(len(node.inputs))]
    for index, other in enumerate(others):
        is_last = index == len(others) - 1
        shapes = [writer.program.tensors[number].shape for number in (first, other)]
        shape = np.broadcast_shapes(*shapes)
        result = target if is_last else writer.temporary(f"{g.label(node)}_{index}", shape, target)
        writer.emit(code, [first, other], [result], options)
        first = result


def emit_sum(writer: Writer, node: ir.Node) -> None:
    """Emit a chain of ADD, and for Mean a product with one over their number."""
    steps = Steps(writer, node)
    total = _chain(steps, "ADD")
    if node.op_type == "Mean" and len(node.inputs) > 1:
        total = steps.apply("MUL", total, 1 / len(node.inputs))
    steps.finish(total)


def _chain(steps: Steps, code: str) -> int:
    total = steps.operand(0)
    for index in range(1, len(steps.node.inputs)):
        total = steps.apply(code, total, steps.operand(index))
    return total


def emit_power(writer: Writer, node: ir.Node) -> None:
    """Emit POW of two float32 or two int32 operands; integer exponents of floats are cast.

    LiteRT stops at a negative exponent of integers, so theirs are constant.
    """
    steps = Steps(writer, node)
    base, exponent = steps.operand(0), steps.operand(1)
    kinds = steps.kind(base), steps.kind(exponent)
    if kinds[0] == "float32" and kinds[1] != "float32":
        exponent = _as_float(steps, exponent)
    elif kinds[0] != kinds[1]:
        raise refuse(node, f"{kinds[1]} powers of {kinds[0]} are not supported", "dtype")
    elif kinds[0] != "float32":
        given = g.constant(node.inputs[1])
        if given is None or (given < 0).any():
            raise refuse(node, "exponents of integers must be constant", "dynamic-exponent")
    else:
        exponent = _spelled_out(steps, base, exponent)
    steps.finish(steps.apply("POW", base, exponent))


def _spelled_out(steps: Steps, base: int, exponent: int) -> int:
    """Return a single constant exponent once for each base: LiteRT rounds one that is nearly whole.

    A power of a negative number is then a number, which it is not.
    """
    tensors = steps.writer.program.tensors
    data = tensors[exponent].data
    if data is None or data.size != 1:
        return exponent
    power = float(data.item())
    is_mistaken = not math.isfinite(power) or 0 < abs(power - round(power)) <= _NEARLY_WHOLE
    if not is_mistaken:
        return exponent
    every = np.full((*tensors[base].shape, *(() if tensors[base].shape else (1,))), data.item())
    return steps.writer.constant(tensors[exponent].name, every.astype(np.float32))


def _as_float(steps: Steps, number: int) -> int:
    tensor = steps.writer.program.tensors[number]
    if tensor.data is not None:
        data = tensor.data.astype(np.float32)
        return steps.writer.constant(f"{tensor.name}_float", data, scalar=not data.shape)
    return types.cast(steps.writer, number, "float32")


def emit_modulo(writer: Writer, node: ir.Node) -> None:
    """Emit FLOOR_MOD, whose sign is the divisor's; for fmod=1, of sizes, with the dividend's."""
    steps = Steps(writer, node)
    x, y = steps.operand(0), steps.operand(1)
    if not node.attributes.get_int("fmod", 0):
        steps.finish(steps.apply("FLOOR_MOD", x, y))
        return
    x, y = (types.fitted(writer, node, "FLOOR_MOD", number) for number in (x, y))
    rest = steps.apply("FLOOR_MOD", unary.absolute(steps, x), unary.absolute(steps, y))
    below = steps.apply("LESS", x, 0.0)
    steps.finish(steps.apply("SELECT_V2", below, steps.apply("NEG", rest), rest))


EMITTERS: Emitters = {
    ("", "Add"): emit,
    ("", "Div"): emit,
    ("", "Max"): emit_extremum,
    ("", "Mean"): emit_sum,
    ("", "Min"): emit_extremum,
    ("", "Mod"): emit_modulo,
    ("", "Mul"): emit,
    ("", "Pow"): emit_power,
    ("", "Sub"): emit,
    ("", "Sum"): emit_sum,
}
VERSIONS: Versions = {
    "ADD": (2, 3),
    "MAXIMUM": (2, 4),
    "MINIMUM": (2, 4),
    "MUL": (2, 4),
    "SUB": (2, 5),
}
