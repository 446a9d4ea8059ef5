"""Comparisons, logic, choices between two values, bits and element types."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import is_pixels
from edgekit.export.tflite.emit import types
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_CODES = {
    "And": "LOGICAL_AND",
    "BitwiseXor": "BITWISE_XOR",
    "Equal": "EQUAL",
    "Greater": "GREATER",
    "GreaterOrEqual": "GREATER_EQUAL",
    "Less": "LESS",
    "LessOrEqual": "LESS_EQUAL",
    "Or": "LOGICAL_OR",
    "Xor": "NOT_EQUAL",
}

_LARGEST = float(np.finfo(np.float32).max)


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit a comparison, or logic of two operands; Xor is NOT_EQUAL of bool."""
    steps = Steps(writer, node)
    steps.finish(steps.apply(_CODES[node.op_type], steps.operand(0), steps.operand(1)))


def emit_not(writer: Writer, node: ir.Node) -> None:
    """Emit LOGICAL_NOT."""
    steps = Steps(writer, node)
    steps.finish(steps.apply("LOGICAL_NOT", steps.operand(0)))


def emit_shift(writer: Writer, node: ir.Node) -> None:
    """Emit RIGHT_SHIFT, or a product with powers of two, by constant amounts below the width."""
    steps, amounts = Steps(writer, node), g.constant(node.inputs[1])
    if amounts is None or (amounts < 0).any() or (amounts >= 8 * amounts.itemsize).any():
        raise refuse(node, "the amounts must be constant and fit the width", "dynamic-shift")
    x, amount = steps.operand(0), steps.operand(1)
    if node.attributes.get_string("direction", "") == "RIGHT":
        steps.finish(steps.apply("RIGHT_SHIFT", x, amount))
        return
    tensor = writer.program.tensors[amount]
    powers = np.left_shift(1, np.asarray(tensor.data).astype(np.int64)).astype(tensor.dtype)
    factor = writer.constant(f"{tensor.name}_powers", powers, scalar=not powers.shape)
    steps.finish(steps.apply("MUL", x, factor))


def emit_bitwise_not(writer: Writer, node: ir.Node) -> None:
    """Emit BITWISE_XOR with ones."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    ones = 255.0 if steps.kind(x) == "uint8" else -1.0
    steps.finish(steps.apply("BITWISE_XOR", x, ones))


def emit_bitwise_and(writer: Writer, node: ir.Node) -> None:
    """Emit a & b as the carries of a sum: halves, less half of a ^ b, and the lowest bits."""
    steps = Steps(writer, node)
    a, b = (types.widened(writer, node, steps.operand(index)) for index in range(2))
    steps.finish(_both(steps, a, b))


def emit_bitwise_or(writer: Writer, node: ir.Node) -> None:
    """Emit a | b as (a ^ b) + (a & b), which have no bit in common."""
    steps = Steps(writer, node)
    a, b = (types.widened(writer, node, steps.operand(index)) for index in range(2))
    steps.finish(steps.apply("ADD", steps.apply("BITWISE_XOR", a, b), _both(steps, a, b)))


def _both(steps: Steps, a: int, b: int) -> int:
    halves = [steps.apply("RIGHT_SHIFT", each, 1.0) for each in (a, b)]
    lowest = [
        steps.apply("SUB", each, steps.apply("ADD", half, half))
        for each, half in zip((a, b), halves, strict=True)
    ]
    differing = steps.apply("RIGHT_SHIFT", steps.apply("BITWISE_XOR", a, b), 1.0)
    carried = steps.apply("SUB", steps.apply("ADD", *halves), differing)
    return steps.apply("ADD", carried, steps.apply("MUL", *lowest))


def emit_where(writer: Writer, node: ir.Node) -> None:
    """Emit SELECT_V2, whose three operands broadcast."""
    steps = Steps(writer, node)
    steps.finish(steps.apply("SELECT_V2", *(steps.operand(index) for index in range(3))))


def emit_is_nan(writer: Writer, node: ir.Node) -> None:
    """Emit x != x."""
    steps = Steps(writer, node)
    x = steps.operand(0)
    steps.finish(steps.apply("NOT_EQUAL", x, x))


def emit_is_infinite(writer: Writer, node: ir.Node) -> None:
    """Emit |x| >= the largest finite number, or x beyond it with the sign that is asked for.

    LiteRT's own kernels of arithmetic give that number instead of infinity: they clamp what they
    compute to the range of finite numbers.
    """
    steps, get = Steps(writer, node), node.attributes
    signs = get.get_int("detect_positive", 1), get.get_int("detect_negative", 1)
    x = steps.operand(0)
    if not any(signs):
        raise refuse(node, "a test for neither infinity is not supported", "infinity-sign")
    if all(signs):
        steps.finish(steps.apply("GREATER_EQUAL", steps.apply("ABS", x), _LARGEST))
    elif signs[0]:
        steps.finish(steps.apply("GREATER_EQUAL", x, _LARGEST))
    else:
        steps.finish(steps.apply("LESS_EQUAL", x, -_LARGEST))


def emit_cast(writer: Writer, node: ir.Node) -> None:
    """Emit CAST to the type of the result; encoded pixels are requantized, exactly."""
    dtype = node.outputs[0].dtype
    if dtype is None:
        raise ValueError(f"the type of {g.label(node)!r} is not known")
    source = writer.operand(node, 0)
    if is_pixels(node.outputs[0]):
        writer.encode_pixels(source, node.outputs[0])
        return
    kind = dtype.numpy().name
    tensor = writer.program.tensors[source]
    if tensor.dtype == np.float32 and kind in types.NARROW and tensor.data is None:
        source = types.cast(writer, source, "int32")  # wraps round, as it does elsewhere
    types.cast(writer, source, kind, writer.output(node.outputs[0]))


EMITTERS: Emitters = {
    **{("", name): emit for name in _CODES},
    ("", "BitShift"): emit_shift,
    ("", "BitwiseAnd"): emit_bitwise_and,
    ("", "BitwiseNot"): emit_bitwise_not,
    ("", "Cast"): emit_cast,
    ("", "CastLike"): emit_cast,
    ("", "BitwiseOr"): emit_bitwise_or,
    ("", "IsInf"): emit_is_infinite,
    ("", "IsNaN"): emit_is_nan,
    ("", "Not"): emit_not,
    ("", "Where"): emit_where,
}
VERSIONS: Versions = {
    "EQUAL": (2, 4),
    "GREATER": (2, 1),
    "GREATER_EQUAL": (2, 3),
    "LESS": (2, 3),
    "LESS_EQUAL": (2, 1),
    "NOT_EQUAL": (2, 1),
}
