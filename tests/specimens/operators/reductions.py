"""Reductions, running sums, places of extremes, and what normalizes by a reduction."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import FLAT, MAP, Form

_CHANNELS = {"s": weights(4), "b": weights(4, seed=1)}
_OPSET = '<ir_version: 10, opset_import: ["" : %d]>\n'
_NAMES = (
    "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin",
    "ReduceProd", "ReduceSum", "ReduceSumSquare",
)  # fmt: skip


def _reduction(
    name: str, axes: tuple[int, ...], result: str, keep: int = 1, shape: str = MAP
) -> Form:
    text = f"g ({shape} x) => (float{result} y) {{ y = {name}<keepdims={keep}>(x, axes) }}"
    return name, text, {"axes": np.array(axes)}


def _along(operator: str, shape: str = MAP) -> Form:
    return operator.split("<")[0], f"g ({shape} x) => ({shape} y) {{ y = {operator}(x) }}", {}


def _places(operator: str, result: str, shape: str = MAP) -> Form:
    body = f"a = Round(x)\n y = {operator}(a)"  # equal values
    return operator.split("<")[0], f"g ({shape} x) => (int64{result} y) {{ {body} }}", {}


def _normal(operator: str, constants: dict[str, np.ndarray], opset: int = 18) -> Form:
    names = ", ".join(constants)
    text = f"{_OPSET % opset}g ({MAP} x) => ({MAP} y) {{ y = {operator}(x, {names}) }}"
    return operator.split("<")[0], text, constants


FORMS: list[Form] = [
    *(_reduction(name, (1,), "[1,1,5,6]") for name in _NAMES),
    *(_reduction(name, (2, -1), "[1,4]", keep=0) for name in _NAMES),
    _reduction("ReduceMean", (0, 1, 2, 3), "[]", keep=0),
    _reduction("ReduceSum", (0, 2, 4), "[3,2,3]", keep=0, shape="float[2,3,1,2,2,3]"),
    _reduction("ReduceMax", (-1,), "[2,1]", shape=FLAT),
    ("ReduceMean", f"g ({MAP} x) => (float[1,1,1,1] y) {{ y = ReduceMean(x) }}", {}),
    (
        "ReduceLogSum",
        f"g ({MAP} x) => (float[1,4,1,6] y) {{ a = Exp(x)\n y = ReduceLogSum(a, axes) }}",
        {"axes": np.array([2])},
    ),
    (
        "ReduceSum",
        f"g ({MAP} x) => (int64[1,5,6] y) {{ a = Greater(x, c)\n b = Cast<to=7>(a)\n"
        " y = ReduceSum<keepdims=0>(b, axes) }",
        {"axes": np.array([1]), "c": np.float32(0)},
    ),
    (
        "ReduceMax",
        _OPSET % 20 + f"g ({MAP} x) => (bool[1,4,6] y) {{ a = Greater(x, c)\n"
        " y = ReduceMax<keepdims=0>(a, axes) }",
        {"axes": np.array([2]), "c": np.float32(0)},
    ),
    ("CumSum", f"g ({MAP} x) => ({MAP} y) {{ y = CumSum(x, axis) }}", {"axis": np.array(1)}),
    (
        "CumSum",
        f"g ({FLAT} x) => ({FLAT} y) {{ y = CumSum<exclusive=1, reverse=1>(x, axis) }}",
        {"axis": np.array(-1)},
    ),
    _places("ArgMax<axis=1>", "[1,1,5,6]"),
    _places("ArgMax<axis=1, keepdims=0>", "[1,5,6]"),
    _places("ArgMin<axis=2, keepdims=0>", "[1,4,6]"),
    _places("ArgMax<axis=-1, select_last_index=1>", "[1,4,5,1]"),
    _places("ArgMin<axis=0, select_last_index=1>", "[1,6]", FLAT),
    (
        "TopK",
        f"g ({MAP} x) => (float[1,2,5,6] y, int64[1,2,5,6] z) {{ y, z = TopK<axis=1>(x, k) }}",
        {"k": np.array([2])},
    ),
    (
        "TopK",
        f"g ({FLAT} x) => (float[2,3] y, int64[2,3] z) {{ a = Round(x)\n"
        " y, z = TopK<largest=0>(a, k) }",
        {"k": np.array([3])},
    ),
    _along("Hardmax<axis=1>"),
    _along("Hardmax", FLAT),
    _along("LogSoftmax<axis=1>"),
    _along("LogSoftmax<axis=-1>", FLAT),
    _along("LogSoftmax<axis=-1>", "float[20,7]"),
    (
        "LogSoftmax",
        f"g ({FLAT} x) => ({FLAT} y) {{ c = Constant<value = float {{50.0}}>()\n"
        " a = Mul(x, c)\n b = LogSoftmax(a)\n y = Neg(b) }",
        {},
    ),
    _along("Softmax<axis=2>", "float[2,1,5,1]"),
    _along("LpNormalization<axis=1>"),
    _along("LpNormalization<axis=-1, p=1>"),
    _normal("LayerNormalization<axis=-1>", {"s": weights(6), "b": weights(6, seed=1)}),
    _normal("LayerNormalization<axis=1>", {"s": weights(4, 5, 6)}),
    (
        "LayerNormalization",
        f"g ({FLAT} x) => ({FLAT} y, float[2,1] m, float[2,1] d) {{"
        "y, m, d = LayerNormalization<epsilon=0.1>(x, s) }",
        {"s": weights(6)},
    ),
    _normal("InstanceNormalization", _CHANNELS),
    (
        "InstanceNormalization",
        "g (float[2,4,7] x) => (float[2,4,7] y) { y = InstanceNormalization(x, s, b) }",
        _CHANNELS,
    ),
    _normal("GroupNormalization<num_groups=2>", _CHANNELS, opset=21),
    _normal("RMSNormalization<axis=-2>", {"s": weights(5, 6)}, opset=23),
    (
        "BatchNormalization",
        f"g ({FLAT} x) => ({FLAT} y) {{ y = BatchNormalization(x, s, b, m, v) }}",
        {"s": weights(6), "b": weights(6, seed=1), "m": weights(6, seed=2), "v": weights(6) ** 2},
    ),
    (
        "MeanVarianceNormalization",
        f"g ({MAP} x) => ({MAP} y) {{ y = MeanVarianceNormalization<axes=[0,2,3]>(x) }}",
        {},
    ),
]  # fmt: skip
