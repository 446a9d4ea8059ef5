"""Quotients of int64, for which LiteRT has no kernel."""

from __future__ import annotations

from edgekit.export.tflite.emit import types
from edgekit.export.tflite.emit.steps import Steps

_ROUNDS = 3
"""Of 22 bits each, which float32 surely gets right, of 63."""


def emit(steps: Steps, dividend: int, divisor: int) -> int:
    """Return the quotient of two int64 tensors, cut towards zero.

    FLOOR_MOD is exact, and what is left divides without a rest: float32 finds the quotient's first
    digits, then those of what they leave.
    """
    rest = steps.apply("FLOOR_MOD", dividend, divisor)
    left = steps.apply("SUB", dividend, rest)
    real = types.cast(steps.writer, divisor, "float32")
    total = _digits(steps, left, real)
    digits = total
    for _ in range(_ROUNDS - 1):
        left = steps.apply("SUB", left, steps.apply("MUL", digits, divisor))
        digits = _digits(steps, left, real)
        total = steps.apply("ADD", total, digits)
    below = [steps.apply("LESS", each, 0.0) for each in (dividend, divisor)]
    is_below = steps.apply("NOT_EQUAL", *below)
    is_cut = steps.apply("LOGICAL_AND", is_below, steps.apply("NOT_EQUAL", rest, 0.0))
    return steps.apply("ADD", total, types.cast(steps.writer, is_cut, "int64"))


def _digits(steps: Steps, dividend: int, divisor: int) -> int:
    share = steps.apply("DIV", types.cast(steps.writer, dividend, "float32"), divisor)
    return types.cast(steps.writer, steps.apply("ROUND", share), "int64")
