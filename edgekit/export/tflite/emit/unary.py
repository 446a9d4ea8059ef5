"""Functions of one number: signs, roots, rounding, exponentials, trigonometry."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.export.tflite.emit import types
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitter, Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer

Function: TypeAlias = Callable[[Steps, int], int]
"""From the steps so far and the tensor of x to the tensor of f(x)."""

_KERNELS = MappingProxyType({
    "Ceil": "CEIL",
    "Cos": "COS",
    "Floor": "FLOOR",
    "Log": "LOG",
    "Neg": "NEG",
    "Round": "ROUND",
    "Sin": "SIN",
    "Sqrt": "SQRT",
})  # fmt: skip


def _kernel(code: str) -> Function:
    return lambda steps, x: steps.apply(code, x)


def absolute(steps: Steps, x: int) -> int:
    """Return ABS; of int64, which has none, the larger of x and -x."""
    if steps.kind(x) == "int64":
        return steps.apply("MAXIMUM", x, steps.apply("NEG", x))
    return steps.apply("ABS", x)


def _sign(steps: Steps, x: int) -> int:
    """Return SIGN; of int64, which has none, whether x is above 0 less whether it is below."""
    if steps.kind(x) != "int64":
        return steps.apply("SIGN", x)
    sides = (steps.apply(code, x, 0.0) for code in ("GREATER", "LESS"))
    return steps.apply("SUB", *(types.cast(steps.writer, side, "int64") for side in sides))


def _exponential(steps: Steps, x: int) -> int:
    """Return e^(x/2) squared: XNNPACK's EXP is infinite from 88.4 on, float32 from 88.7 on."""
    root = steps.apply("EXP", steps.apply("MUL", x, 0.5))
    return steps.apply("MUL", root, root)


def _reciprocal(steps: Steps, x: int) -> int:
    return steps.apply("DIV", 1.0, x)


def _tan(steps: Steps, x: int) -> int:
    return steps.apply("DIV", steps.apply("SIN", x), steps.apply("COS", x))


def _sinh(steps: Steps, x: int) -> int:
    grown = steps.apply("EXP", x)
    shrunk = steps.apply("EXP", steps.apply("NEG", x))
    return steps.apply("MUL", steps.apply("SUB", grown, shrunk), 0.5)


def _cosh(steps: Steps, x: int) -> int:
    grown = steps.apply("EXP", x)
    shrunk = steps.apply("EXP", steps.apply("NEG", x))
    return steps.apply("MUL", steps.apply("ADD", grown, shrunk), 0.5)


def _leg(steps: Steps, x: int) -> int:
    """Return sqrt(1 - x^2), as (1 - x)(1 + x), which is exact near one."""
    product = steps.apply("MUL", steps.apply("SUB", 1.0, x), steps.apply("ADD", x, 1.0))
    return steps.apply("SQRT", product)


def _atan(steps: Steps, x: int) -> int:
    # ATAN2 does not broadcast.
    shape = steps.writer.program.tensors[x].shape
    one = steps.writer.constant("ones", np.ones(shape, dtype=np.float32), scalar=not shape)
    return steps.apply("ATAN2", x, one)


def _asin(steps: Steps, x: int) -> int:
    return steps.apply("ATAN2", x, _leg(steps, x))


def _acos(steps: Steps, x: int) -> int:
    return steps.apply("ATAN2", _leg(steps, x), x)


def _asinh(steps: Steps, x: int) -> int:
    size = steps.apply("ABS", x)
    root = steps.apply("SQRT", steps.apply("ADD", steps.apply("SQUARE", x), 1.0))
    logarithm = steps.apply("LOG", steps.apply("ADD", size, root))
    return steps.apply("MUL", steps.apply("SIGN", x), logarithm)


def _acosh(steps: Steps, x: int) -> int:
    product = steps.apply("MUL", steps.apply("SUB", x, 1.0), steps.apply("ADD", x, 1.0))
    return steps.apply("LOG", steps.apply("ADD", x, steps.apply("SQRT", product)))


def _atanh(steps: Steps, x: int) -> int:
    ratio = steps.apply("DIV", steps.apply("ADD", x, 1.0), steps.apply("SUB", 1.0, x))
    return steps.apply("MUL", steps.apply("LOG", ratio), 0.5)


def _erf(steps: Steps, x: int) -> int:
    """Return 2 GELU(u) / u - 1 of u = x sqrt(2), within 1e-6.

    Beyond 4, erf is one in float32. The offset keeps u from zero and changes no other.
    """
    x = steps.apply("MINIMUM", steps.apply("MAXIMUM", x, -4.0), 4.0)
    u = steps.apply("ADD", steps.apply("MUL", x, math.sqrt(2)), 1e-20)
    share = steps.apply("DIV", steps.apply("GELU", u, options="GeluOptions"), u)
    return steps.apply("SUB", steps.apply("MUL", share, 2.0), 1.0)


def _emitter(function: Function) -> Emitter:
    def emit(writer: Writer, node: ir.Node) -> None:
        steps = Steps(writer, node)
        steps.finish(function(steps, steps.operand(0)))

    return emit


_COMPOSED: MappingProxyType[str, Function] = MappingProxyType({
    "Abs": absolute,
    "Acos": _acos,
    "Acosh": _acosh,
    "Asin": _asin,
    "Asinh": _asinh,
    "Atan": _atan,
    "Atanh": _atanh,
    "Cosh": _cosh,
    "Erf": _erf,
    "Exp": _exponential,
    "Reciprocal": _reciprocal,
    "Sign": _sign,
    "Sinh": _sinh,
    "Tan": _tan,
})  # fmt: skip

_FUNCTIONS = {name: _kernel(code) for name, code in _KERNELS.items()} | dict(_COMPOSED)
EMITTERS: Emitters = {("", name): _emitter(function) for name, function in _FUNCTIONS.items()}
VERSIONS: Versions = {"ABS": (2, 3)}
