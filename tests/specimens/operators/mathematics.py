"""Functions of one number, activations, arithmetic, comparisons and choices."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import FLAT, MAP, SCALARS, Form

_DEEP = "float[2,1,3,2,2,3]"
_OPSET = '<ir_version: 10, opset_import: ["" : %d]>\n'


def _curve(operator: str, of: str = "x", shape: str = MAP, opset: int | None = None) -> Form:
    """Return y = operator(of): `of` says how a comes from x and ends with the operand's name."""
    *steps, operand = of.split(";")
    name = operator.split("<")[0]
    header = "" if opset is None else _OPSET % opset
    lines = "\n".join([*steps, f"y = {operator}({operand})"])
    return name, f"{header}g ({shape} x) => ({shape} y) {{ {lines} }}", {}


def _scalar(call: str) -> Form:
    text = f"g ({FLAT} x) => (float y) {{ a = ReduceMean<keepdims=0>(x)\n y = {call} }}"
    return call.split("(")[0], text, SCALARS


_POSITIVE, _UNIT = "s = Sigmoid(x);s", "t = Tanh(x);t"
_INTEGERS = "t = Mul(x, ten)\n a = Cast<to=%d>(t)\n"


def _integers(body: str, code: int, kind: str, **constants: np.ndarray) -> Form:
    """Return a form whose body makes b of a, integers between -30 and 30."""
    operator = body.rsplit("y = ", 1)[1].split("(")[0].split("<")[0]
    text = f"g ({MAP} x) => ({kind}[1,4,5,6] y) {{ {_INTEGERS % code} {body} }}"
    return operator, text, {"ten": np.float32(10), **constants}


def _comparison(operator: str) -> Form:
    text = f"g ({MAP} x) => (bool[1,4,5,6] y) {{ a = Round(x)\n y = {operator}(a, c) }}"
    return operator, text, {"c": np.round(weights(4, 1, 6))}


def _logic(operator: str) -> Form:
    body = f"a = Greater(x, c)\n b = Less(x, d)\n y = {operator}(a, b)"
    constants = {"c": weights(4, 1, 1), "d": weights(6)}
    return operator, f"g ({MAP} x) => (bool[1,4,5,6] y) {{ {body} }}", constants


FORMS: list[Form] = [
    *(_curve(name) for name in ("Abs", "Ceil", "Cos", "Erf", "Exp", "Floor", "Neg", "Round")),
    *(_curve(name) for name in ("Sign", "Sin", "Tan", "Sinh", "Cosh", "Asinh", "Atan")),
    *(_curve(name, _POSITIVE) for name in ("Log", "Reciprocal")),
    *(_curve(name, _UNIT) for name in ("Asin", "Acos", "Atanh")),
    _curve("Acosh", "e = Exp(x);f = Abs(x);h = Add(e, f);k = Max(h, e);m = Exp(f);m"),
    *(_scalar(f"{name}(a)") for name in ("Abs", "Erf", "Exp", "Mish")),
    *(_curve(name, shape=_DEEP) for name in ("Floor", "Softplus", "Selu")),
    *(_curve(name) for name in ("Mish", "Softplus", "Softsign", "Elu", "Selu", "Celu")),
    _curve("Elu<alpha=0.3>"),
    _curve("Selu<alpha=1.2, gamma=0.7>"),
    _curve("Celu<alpha=2.5>"),
    _curve("HardSigmoid<alpha=0.3, beta=0.4>"),
    _curve("ThresholdedRelu<alpha=0.4>"),
    _curve("ThresholdedRelu<alpha=-0.4>", shape=FLAT),
    _curve("Shrink<lambd=0.5, bias=0.5>"),
    _curve("Shrink<lambd=0.5, bias=0.1>"),
    _curve("Gelu", opset=20),
    _curve('Gelu<approximate="tanh">', opset=20),
    _curve("Swish<alpha=1.7>", opset=24),
    ("PRelu", f"g ({MAP} x) => ({MAP} y) {{ y = PRelu(x, s) }}", {"s": weights(4, 1, 1)}),
    ("PRelu", f"g ({MAP} x) => ({MAP} y) {{ y = PRelu(x, s) }}", {"s": weights(5, 1)}),
    ("PRelu", f"g ({FLAT} x) => ({FLAT} y) {{ y = PRelu(x, s) }}", {"s": np.float32(0.2)}),
    ("PRelu", f"g ({MAP} x, float[4,1,1] s) => ({MAP} y) {{ y = PRelu(x, s) }}", {}),
    (
        "Clip",
        f"g ({MAP} x, float[1] s) => ({MAP} y) {{ a = ReduceMin(s)\n b = Clip(x, a, high)\n"
        " y = Clip(b, a) }",
        SCALARS,
    ),
    _scalar("Clip(a, low, high)"),
    _scalar("Add(a, low)"),
    ("Clip", f"g ({MAP} x) => ({MAP} y, {MAP} z) {{ z = Relu(x)\n y = Clip(z) }}", {}),
    (
        "Max",
        f"g ({MAP} x) => ({MAP} y) {{ y = Max(c, d, x) }}",
        {"c": weights(4, 1, 1), "d": weights(6)},
    ),
    ("Max", f"g ({MAP} x) => ({MAP} y, {MAP} z) {{ z = Tanh(x)\n y = Max(z) }}", {}),
    (
        "Sum",
        f"g ({MAP} x, float[5,1] s) => ({MAP} y) {{ y = Sum(c, s, x) }}",
        {"c": weights(4, 1, 1)},
    ),
    ("Mean", f"g ({MAP} x, float[5,1] s) => ({MAP} y) {{ y = Mean(x, s, x) }}", {}),
    ("Pow", f"g ({MAP} x) => ({MAP} y) {{ a = Abs(x)\n y = Pow(a, c) }}", {"c": weights(4, 1, 1)}),
    ("Pow", f"g ({MAP} x) => ({MAP} y) {{ y = Pow(x, c) }}", {"c": np.int64(5)}),
    ("Pow", f"g ({FLAT} x) => ({FLAT} y) {{ y = Pow(c, x) }}", {"c": np.float32(2)}),
    ("Mod", f"g ({MAP} x) => ({MAP} y) {{ y = Mod<fmod=1>(x, c) }}", {"c": weights(4, 1, 1)}),
    *(_comparison(name) for name in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")),
    *(_logic(name) for name in ("And", "Or", "Xor")),
    (
        "Not",
        f"g ({MAP} x) => (bool[1,4,5,6] y) {{ a = Greater(x, c)\n y = Not(a) }}",
        {"c": weights(4, 1, 1)},
    ),
    (
        "Where",
        f"g ({MAP} x) => ({MAP} y) {{ a = Greater(x, c)\n y = Where(a, d, x) }}",
        {"c": weights(4, 1, 1), "d": weights(5, 1)},
    ),
    (
        "Where",
        f"g ({FLAT} x, float[3,1,6] z) => (float[3,2,6] y) {{ a = Greater(x, c)\n"
        " y = Where(a, x, z) }",
        {"c": weights(6)},
    ),
    (
        "IsNaN",
        f"g ({MAP} x) => (bool[1,4,5,6] y) {{ a = Sqrt(x)\n y = IsNaN(a) }}",
        {},
    ),
    *(
        (
            "IsInf",
            f"<ir_version: 10, opset_import: [\"\" : 20]>\ng ({MAP} x) => (bool[1,4,5,6] y)"
            f"{{ a = Relu(x)\n b = Div(x, a)\n y = IsInf<{signs}>(b) }}",
            {},
        )
        for signs in ("detect_positive=0", "detect_negative=0", "detect_positive=1")
    ),
    (
        "Pow",
        f"g ({FLAT} x) => (bool[2,6] y) {{ a = Pow(x, e)\n y = IsNaN(a) }}",
        {"e": np.float32(0.999999)},
    ),
    (
        "Pow",
        f"g ({FLAT} x) => ({FLAT} y) {{ a = Sigmoid(x)\n y = Pow(a, e) }}",
        {"e": np.float32(np.inf)},
    ),
    _integers("y = Add(a, c)", 6, "int32", c=np.arange(4, dtype=np.int32).reshape(4, 1, 1)),
    _integers("y = Sub(c, a)", 7, "int64", c=np.arange(6)),
    _integers("y = Mul(a, a)", 3, "int8"),
    _integers("y = Div(a, c)", 6, "int32", c=np.int32(7)),
    _integers("y = Div(a, c)", 3, "int8", c=np.int8(-7)),
    _integers("b = Cast<to=7>(a)\n y = Div(b, c)", 6, "int64", c=np.int64(4)),
    _integers(  # of what fits int32, in int64
        "b = Cast<to=3>(a)\n d = Cast<to=7>(b)\n s = Mul(d, d)\n k = Less(d, c)\n"
        " w = Where(k, s, d)\n y = Div(w, c)",
        6, "int64", c=np.int64(4),
    ),
    *(  # of what may not fit int32
        _integers(
            "b = Mul(a, n)\n y = Div(b, c)", 7, "int64", n=np.int64(2**40 + 1), c=np.array(divisors)
        )
        for divisors in (3, -7, [1, -2, 2**20 + 1, 2**33, -(2**41), 2**45])
    ),
    _integers("y = Mod(a, c)", 7, "int64", c=np.int64(-7)),
    _integers("y = Mod<fmod=1>(a, c)", 6, "int32", c=np.int32(7)),
    _integers("y = Abs(a)", 7, "int64"),
    _integers("y = Neg(a)", 3, "int8"),
    _integers("y = Sign(a)", 6, "int32"),
    _integers("y = Sign(a)", 7, "int64"),
    _integers("y = Relu(a)", 6, "int32"),
    _integers("y = Max(a, c)", 7, "int64", c=np.arange(6)),
    _integers("y = Min(a, c)", 3, "int8", c=np.arange(6, dtype=np.int8)),
    _integers("y = Clip(a, c)", 7, "int64", c=np.int64(-3)),
    _integers("y = Equal(a, c)", 3, "bool", c=np.arange(6, dtype=np.int8)),
    _integers("y = Cast<to=1>(a)", 7, "float"),
    _integers("y = Cast<to=2>(t)", 6, "uint8"),  # negative numbers wrap round
    _integers("y = Cast<to=9>(a)", 6, "bool"),
    _integers("b = Cast<to=2>(a)\n y = CastLike(b, c)", 6, "int32", c=np.int32(0)),
    _integers("y = BitwiseXor(a, c)", 6, "int32", c=np.int32(9)),
    _integers("y = BitwiseNot(a)", 3, "int8"),
    _integers("y = BitwiseAnd(a, c)", 6, "int32", c=np.int32([6, -7, 1, 0, -1, 2**31 - 1])),
    _integers("y = BitwiseOr(a, c)", 3, "int8", c=np.int8([6, -7, 1, 0, -128, 127])),
    _integers("y = Pow(a, c)", 6, "int32", c=np.int32([[0], [1], [2], [3], [4]])),
    *(
        _integers(
            f'b = Abs(a)\n c = Cast<to=2>(b)\n y = BitShift<direction="{way}">(c, n)', 6, "uint8",
            n=np.uint8([0, 1, 2, 3, 7, 4]),
        )
        for way in ("LEFT", "RIGHT")
    ),
]  # fmt: skip
