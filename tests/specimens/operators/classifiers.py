"""Operators of which image classifiers are made."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import FLAT, MAP, SCALARS, Form

FORMS: list[Form] = [
    ("Add", f"g ({MAP} x) => ({MAP} y) {{ y = Add(x, c) }}", {"c": weights(4, 1, 1)}),
    ("Sub", f"g ({MAP} x) => ({MAP} y) {{ y = Sub(c, x) }}", {"c": weights(5, 6)}),
    ("Mul", f"g ({MAP} x) => ({MAP} y) {{ y = Mul(x, c) }}", {"c": weights(1, 4, 1, 6)}),
    ("Div", f"g ({MAP} x) => ({MAP} y) {{ y = Div(x, c) }}", {"c": np.float32(3)}),
    (
        "Div",
        f"g ({MAP} x) => ({MAP} y) {{ a = Sigmoid(x)\n y = Div(c, a) }}",
        {"c": weights(4, 1, 1)},
    ),
    ("Max", f"g ({MAP} x) => ({MAP} y) {{ y = Max(x, c) }}", {"c": weights(4, 1, 1)}),
    ("Min", f"g ({FLAT} x) => ({FLAT} y) {{ y = Min(x, c) }}", {"c": weights(2, 1)}),
    (
        "Max",
        f"g ({MAP} x) => ({MAP} y) {{ y = Max(x, c, d) }}",
        {"c": weights(4, 1, 1), "d": weights(6)},
    ),
    ("Relu", f"g ({MAP} x) => ({MAP} y) {{ y = Relu(x) }}", {}),
    ("Identity", f"g ({MAP} x) => ({MAP} y, {MAP} z) {{ y = Relu(x)\n z = Identity(y) }}", {}),
    ("HardSwish", f"g ({MAP} x) => ({MAP} y) {{ y = HardSwish(x) }}", {}),
    ("Sigmoid", f"g ({MAP} x) => ({MAP} y) {{ y = Sigmoid(x) }}", {}),
    ("Sqrt", f"g ({MAP} x) => ({MAP} y) {{ a = Sigmoid(x)\n y = Sqrt(a) }}", {}),
    ("Tanh", f"g ({FLAT} x) => ({FLAT} y) {{ y = Tanh(x) }}", {}),
    ("LeakyRelu", f"g ({MAP} x) => ({MAP} y) {{ y = LeakyRelu<alpha=0.3>(x) }}", {}),
    ("Softmax", f"g ({MAP} x) => ({MAP} y) {{ y = Softmax<axis=1>(x) }}", {}),
    ("Softmax", f"g ({MAP} x) => ({MAP} y) {{ y = Softmax<axis=2>(x) }}", {}),
    ("Softmax", f"g ({FLAT} x) => ({FLAT} y) {{ y = Softmax<axis=-1>(x) }}", {}),
    ("Clip", f"g ({MAP} x) => ({MAP} y) {{ y = Clip(x, low, high) }}", SCALARS),
    ("Clip", f"g ({MAP} x) => ({MAP} y) {{ y = Clip(x, , high) }}", SCALARS),
    ("Clip", f"g ({MAP} x) => ({MAP} y) {{ y = Clip(x, zero) }}", SCALARS),
    ("Concat", f"g ({MAP} x) => (float[1,4,10,6] y) {{ y = Concat<axis=-2>(x, x) }}", {}),
    (
        "Split",
        f"g ({MAP} x) => (float[1,2,5,6] y, float[1,2,5,6] z) {{ y, z = Split<axis=1,"
        "num_outputs=2>(x) }",
        {},
    ),
    (
        "Split",
        f"g ({MAP} x) => (float[1,1,5,6] y, float[1,3,5,6] z) {{ y, z = Split<axis=1>(x, n) }}",
        {"n": np.array([1, 3])},
    ),
    (
        "Slice",
        f"g ({MAP} x) => (float[1,2,5,3] y) {{ y = Slice(x, starts, ends, axes) }}",
        {
            "starts": np.array([1, -4]),
            "ends": np.array([3, -1]),
            "axes": np.array([1, 3]),
        },
    ),
    (
        "Reshape",
        f"g ({MAP} x) => (float[1,120] y) {{ y = Reshape(x, s) }}",
        {"s": np.array([1, 120])},
    ),
    (
        "Reshape",
        "g (float[1,120] x) => (float[1,4,5,6] y) { y = Reshape(x, s) }",
        {"s": np.array([1, 4, 5, 6])},
    ),
    (
        "Reshape",
        f"g ({MAP} x) => (float[1,5,4,6] y) {{ y = Reshape(x, s) }}",
        {"s": np.array([1, 5, 4, 6])},
    ),
    ("Transpose", f"g ({MAP} x) => (float[1,6,4,5] y) {{ y = Transpose<perm=[0,3,1,2]>(x) }}", {}),
    ("Transpose", f"g ({FLAT} x) => (float[6,2] y) {{ y = Transpose(x) }}", {}),
    (
        "Pad",
        f"g ({MAP} x) => (float[1,4,8,9] y) {{ y = Pad(x, p) }}",
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 3])},
    ),
    (
        "Gather",
        "g (float[1,60,5,6] x) => (float[1,60,5,6] y) { y = Gather<axis=1>(x, i) }",
        {"i": np.random.default_rng(0).permutation(60) - 30},
    ),
    (
        "Gemm",
        "g (float[2,5] x) => (float[2,7] y) { y = Gemm<alpha=0.5, beta=2.0>(x, w, b) }",
        {"w": weights(5, 7), "b": weights(7)},
    ),
    (
        "Gemm",
        "g (float[5,2] x) => (float[2,7] y) { y = Gemm<transA=1>(x, w, b) }",
        {"w": weights(5, 7), "b": weights(7)},
    ),
    (
        "Gemm",
        "g (float[2,5] x, float[2,7] z) => (float[2,7] y) { y = Gemm<alpha=0.5>(x, w, z) }",
        {"w": weights(5, 7)},
    ),
    (
        "Gemm",
        f"g ({FLAT} x) => (float[2,3] y) {{ y = Gemm<transB=1>(x, w, b) }}",
        {"w": weights(3, 6), "b": weights(3)},
    ),
    ("MatMul", f"g ({FLAT} x) => (float[2,3] y) {{ y = MatMul(x, w) }}", {"w": weights(6, 3)}),
    ("GlobalAveragePool", f"g ({MAP} x) => (float[1,4,1,1] y) {{ y = GlobalAveragePool(x) }}", {}),
    (
        "MaxPool",
        f"g ({MAP} x) => (float[1,4,3,3] y) {{ y = MaxPool<kernel_shape=[3,3], strides=[2,2],"
        "pads=[1,1,1,1]>(x) }",
        {},
    ),
    (
        "AveragePool",
        f"g ({MAP} x) => (float[1,4,2,3] y) {{ y = AveragePool<kernel_shape=[2,2],"
        "strides=[2,2]>(x) }",
        {},
    ),
    (
        "AveragePool",
        f"g ({MAP} x) => ({MAP} y) {{ y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x) }}",
        {},
    ),
    (
        "Conv",
        f"g ({MAP} x) => (float[1,6,3,3] y) {{ y = Conv<group=2, strides=[2,2], pads=[1,1,1,1]>"
        "(x, w, b) }",
        {"w": weights(6, 2, 3, 3), "b": weights(6)},
    ),
]  # fmt: skip
