"""Small graphs in the forms that exporters write, and what their canonical form holds."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray], dict[str, int]]

MAP = "g (float[1,4,6,5] x) => (float[a,b,c,d] y)"
ROW = "g (float[2,3,8] x) => (float[a,b,c] y)"


def _number(value: float) -> np.ndarray:
    return np.float32(value)


CASES: dict[str, Case] = {
    "canonical_identity": (
        f"""{MAP} {{
            a = Cast<to=1>(x)
            b, m = Dropout(a)
            c = Sum(b)
            d = Transpose<perm=[0,1,2,3]>(c)
            e = Relu(d)
            f = Concat<axis=1>(e)
            h = Slice(f, zero, far, zero)
            i = Identity(h)
            j = Tile(i, once)
            k = Expand(j, shape)
            y = Pad(k, p) }}""",
        {"once": np.ones(4, np.int64), "shape": np.array([1, 4, 6, 5]),
         "p": np.zeros(8, np.int64), "zero": np.array([0]), "far": np.array([2**31 - 1])},
        {"Relu": 1},
    ),
    "canonical_sum": (
        f"{MAP} {{ a = Relu(x)\n y = Sum(x, a, k, a) }}",
        {"k": weights(4, 1, 1)},
        {"Relu": 1, "Add": 3},
    ),
    "canonical_sum: mean": (
        f"{MAP} {{ a = Relu(x)\n y = Mean(x, a, k) }}",
        {"k": weights(4, 1, 1)},
        {"Relu": 1, "Add": 2, "Mul": 1},
    ),
    "canonical_sum: max": (
        f"{MAP} {{ a = Neg(x)\n y = Max(x, a, k) }}",
        {"k": weights(4, 1, 1)},
        {"Neg": 1, "Max": 2},
    ),
    "canonical_reduction": (f"{ROW} {{ y = ReduceLogSumExp(x) }}", {}, {"ReduceLogSumExp": 1}),
    "canonical_gemm": (
        "g (float[5,2] x) => (float[2,7] y) { y = Gemm<alpha=0.5, beta=2.0, transA=1>(x, w, b) }",
        {"w": weights(5, 7), "b": weights(7)},
        {"Transpose": 1, "Gemm": 1},
    ),
    "canonical_batch_norm": (
        """g (float[2,5] x) => (float[2,7] y) {
            a = Gemm<transB=1>(x, w, b)
            y = BatchNormalization(a, s, o, m, v) }""",
        {"w": weights(7, 5), "b": weights(7), "s": weights(7, seed=1), "o": weights(7, seed=2),
         "m": weights(7, seed=3), "v": weights(7, seed=4) ** 2 + 1},
        {"Gemm": 1},
    ),
    "canonical_batch_norm: into MatMul": (
        """g (float[2,5] x) => (float[2,7] y) {
            a = MatMul(x, w)
            y = BatchNormalization(a, s, o, m, v) }""",
        {"w": weights(5, 7), "s": weights(7, seed=1), "o": weights(7, seed=2),
         "m": weights(7, seed=3), "v": weights(7, seed=4) ** 2 + 1},
        {"Gemm": 1},
    ),
    "canonical_batch_norm: alone": (
        "g (float[2,3,8] x) => (float[2,3,8] y) { y = BatchNormalization(x, s, o, m, v) }",
        {"s": weights(3, seed=1), "o": weights(3, seed=2), "m": weights(3, seed=3),
         "v": weights(3, seed=4) ** 2 + 1},
        {"Mul": 1, "Add": 1},
    ),
    "canonical_global_reduction": (f"{MAP} {{ y = GlobalMaxPool(x) }}", {}, {"MaxPool": 1}),
    "canonical_global_reduction: maximum of a row": (
        f"{ROW} {{ y = GlobalMaxPool(x) }}", {}, {"ReduceMax": 1}
    ),
    "canonical_global_reduction: norm": (
        f"{MAP} {{ y = GlobalLpPool<p=1>(x) }}", {}, {"ReduceL1": 1}
    ),
    "canonical_global_pool: a window as large as the map": (
        "g (float[1,4,3,5] x) => (float[1,4,1,1] y) { y = AveragePool<kernel_shape=[3,5]>(x) }",
        {}, {"GlobalAveragePool": 1}
    ),
    "canonical_global_reduction: cubic": (
        f"{MAP} {{ y = GlobalLpPool<p=3>(x) }}", {}, {"Abs": 1, "Pow": 2, "ReduceSum": 1}
    ),
    "canonical_softmax": (
        """g (float[1,9,1,1] x) => (float[1,9,1,1] y) {
            a = Reshape(x, f)
            b = Softmax<axis=-1>(a)
            y = Reshape(b, s) }""",
        {"f": np.array([1, 9]), "s": np.array([1, 9, 1, 1])},
        {"Softmax": 1},
    ),
    "canonical_softmax: of several axes": (
        f"{ROW} {{ a = Flatten<axis=1>(x)\n b = Softmax<axis=-1>(a)\n y = Reshape(b, s) }}",
        {"s": np.array([2, 3, 8])},
        {"Reshape": 2, "Softmax": 1},
    ),
    "canonical_gelu": (
        f"""{ROW} {{
            a = Div(x, r)
            b = Erf(a)
            c = Add(b, one)
            d = Mul(x, c)
            y = Mul(d, half) }}""",
        {"r": _number(2**0.5), "one": _number(1), "half": _number(0.5)},
        {"Gelu": 1},
    ),
    "canonical_gelu: of a product, half first": (
        f"""{ROW} {{
            p = Mul(x, k)
            a = Mul(p, r)
            b = Erf(a)
            c = Add(one, b)
            d = Mul(half, p)
            y = Mul(c, d) }}""",
        {"r": _number(0.5**0.5), "one": _number(1), "half": _number(0.5), "k": weights(8)},
        {"Gelu": 1, "Mul": 1},
    ),
    "canonical_reshape: as_strided": (
        f"""{ROW} {{
            a = Reshape(x, flat)
            b = Gather(a, all)
            y = Relu(b) }}""",
        {"flat": np.array([-1]), "all": np.arange(48).reshape(2, 3, 8)},
        {"Relu": 1},
    ),
    "canonical_gelu: not halved": (
        f"""{ROW} {{
            a = Div(x, r)
            b = Erf(a)
            c = Add(b, one)
            y = Mul(x, c) }}""",
        {"r": _number(2**0.5), "one": _number(1)},
        {"Gelu": 1, "Mul": 1},
    ),
    "canonical_gelu: divided": (
        f"""{ROW} {{
            a = Div(x, r)
            b = Erf(a)
            c = Add(b, one)
            d = Mul(x, c)
            y = Div(d, two) }}""",
        {"r": _number(2**0.5), "one": _number(1), "two": _number(2)},
        {"Gelu": 1},
    ),
    "canonical_gelu: before a layer": (
        f"""{ROW} {{
            a = Div(x, r)
            b = Erf(a)
            c = Add(b, one)
            d = Mul(x, c)
            e = Mul(d, half)
            y = MatMul(e, w) }}""",
        {"r": _number(2**0.5), "one": _number(1), "half": _number(0.5), "w": weights(8, 8)},
        {"Gelu": 1, "MatMul": 1},
    ),
    "canonical_gelu: tanh": (
        f"""{ROW} {{
            a = Pow(x, three)
            b = Mul(a, k)
            c = Add(x, b)
            d = Mul(c, r)
            e = Tanh(d)
            f = Add(e, one)
            h = Mul(x, half)
            y = Mul(h, f) }}""",
        {"three": _number(3), "k": _number(0.044715), "r": _number((2 / np.pi) ** 0.5),
         "one": _number(1), "half": _number(0.5)},
        {"Gelu": 1},
    ),
    "canonical_gelu: tanh of x times a square": (
        f"""{ROW} {{
            a = Mul(x, x)
            b = Mul(a, k)
            c = Add(b, one)
            d = Mul(x, r)
            e = Mul(d, c)
            f = Tanh(e)
            h = Add(f, one)
            i = Mul(h, half)
            y = Mul(x, i) }}""",
        {"k": _number(0.044715), "r": _number((2 / np.pi) ** 0.5),
         "one": _number(1), "half": _number(0.5)},
        {"Gelu": 1},
    ),
    "canonical_gelu: another curve": (
        f"""{ROW} {{
            a = Mul(x, r)
            b = Erf(a)
            c = Add(b, one)
            d = Mul(x, c)
            y = Mul(d, half) }}""",
        {"r": _number(0.8), "one": _number(1), "half": _number(0.5)},
        {"Erf": 1, "Mul": 3, "Add": 1},
    ),
    "canonical_layer_norm": (
        f"""{ROW} {{
            m = ReduceMean(x, last)
            c = Sub(x, m)
            s = Pow(c, two)
            v = ReduceMean(s, last)
            e = Add(v, eps)
            r = Sqrt(e)
            n = Div(c, r)
            a = Mul(n, g)
            y = Add(a, b) }}""",
        {"last": np.array([-1]), "two": _number(2), "eps": _number(1e-5), "g": weights(8),
         "b": weights(8, seed=1)},
        {"LayerNormalization": 1},
    ),
    "canonical_layer_norm: without factors": (
        f"""{ROW} {{
            m = ReduceMean(x, last)
            c = Sub(x, m)
            s = Mul(c, c)
            v = ReduceMean(s, last)
            e = Add(v, eps)
            r = Sqrt(e)
            n = Div(c, r)
            y = Mul(n, k) }}""",
        {"last": np.array([1, 2]), "eps": _number(1e-3), "k": weights(2, 3, 8)},
        {"LayerNormalization": 1, "Mul": 1},
    ),
    "canonical_layer_norm: a mean over the first axis": (
        f"""{ROW} {{
            m = ReduceMean(x, first)
            c = Sub(x, m)
            s = Mul(c, c)
            v = ReduceMean(s, first)
            e = Add(v, eps)
            r = Sqrt(e)
            y = Div(c, r) }}""",
        {"first": np.array([1]), "eps": _number(1e-3)},
        {"ReduceMean": 2, "Sub": 1, "Mul": 1, "Add": 1, "Sqrt": 1, "Div": 1},
    ),
}  # fmt: skip

CASES["canonical_einsum"] = (
    'g (float[3,2,5] x) => (float[a,b,c] y) { y = Einsum<equation="bij,bjk->bik">(x, k) }',
    {"k": weights(3, 5, 4)},
    {"MatMul": 1},
)

EINSUMS: dict[str, tuple[tuple[int, ...], ...]] = {
    "ij->ji": ((3, 4),),
    "ii->i": ((4, 4),),
    "bii": ((2, 4, 4),),
    "iji,jk->ki": ((3, 2, 3), (2, 5)),
    "iii->i": ((3, 3, 3),),
    "ij->": ((3, 4),),
    "...ij->...i": ((2, 3, 4),),
    "ij,jk->ik": ((3, 4), (4, 5)),
    "ij,jk": ((3, 4), (4, 5)),
    "bhqd,bhkd->bhqk": ((2, 3, 4, 5), (2, 3, 6, 5)),
    "bhqk,bkhd->bqhd": ((2, 3, 4, 6), (2, 6, 3, 5)),
    "nctkv,kvw->nctw": ((1, 3, 4, 2, 5), (2, 5, 5)),
    "bij,bij->b": ((2, 3, 4), (2, 3, 4)),
    "i,j->ij": ((3,), (4,)),
    "bc,bchw->bchw": ((2, 3), (2, 3, 4, 5)),
    "...ij,...jk->...ik": ((2, 3, 4), (1, 4, 5)),
    "bij,bjk->bki": ((1, 3, 4), (1, 4, 5)),
    "ij,jk,kl->il": ((2, 3), (3, 4), (4, 5)),
    "ijk,kl->jl": ((2, 3, 4), (4, 5)),
}
"""Equations and the shapes of their operands."""
