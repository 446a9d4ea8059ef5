"""Graphs that a canonical rule must leave alone or do right, beyond one step from its specimen."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights

_GATE = {
    "zero": np.float32(0), "three": np.float32(3), "six": np.float32(6), "sixth": np.float32(1 / 6),
}  # fmt: skip
_NORM = {"last": np.array([-1]), "eps": np.float32(1e-3), "two": np.float32(2)}


def _gate(shape: str = "float[3,4]", product: str = "Mul(b, sixth)") -> str:
    return f"""g (float[3,4] x) => ({shape} y) {{ a = Add(x, three)
         b = Clip(a, zero, six)
         y = {product} }}"""


def _norm(
    squares: str = "Mul(c, c)",
    variance: str = "ReduceMean(s, last)",
    root: str = "Sqrt(e)",
    result: str = "float[2,3,8]",
    end: str = "",
) -> str:
    return f"""g (float[2,3,8] x) => ({result} y) {{ m = ReduceMean(x, last)
         c = Sub(x, m)
         s = {squares}
         v = {variance}
         e = Add(v, eps)
         r = {root}
         {"y" if not end else "n"} = Div(c, r)
         {end} }}"""


_BEFORE_A_MAP = """g (float[1,8,3,3] x) => (float[1,8,3,3] y) { p = GlobalAveragePool(x)
     a = Reshape(p, flat)
     b = Gemm<transB=1>(a, w, c)
     f = Reshape(b, map)
     y = Mul(x, f) }"""
_SHAPES = {"flat": np.array([1, 8]), "map": np.array([1, 8, 1, 1]), "w": weights(8, 8)}


def _cubic(inner: str, curve: str = "Tanh") -> str:
    """Return x by its tanh gate, of an inner product of x, its square's ``c`` and the root's d."""
    return f"""g (float[3,4] x, float[3,4] z) => (float[3,4] y) {{ a = Mul(x, x)
         b = Mul(a, part)
         c = Add(b, one)
         d = Mul({inner}, scale)
         e = {curve}(d)
         f = Add(e, one)
         h = Mul(f, half)
         y = Mul(x, h) }}"""


_CUBIC = {
    "part": np.float32(0.044715), "one": np.float32(1), "half": np.float32(0.5),
    "scale": np.float32(0.7978845608),
}  # fmt: skip

CANONICAL = {
    "canonical_gelu: of another curve": (
        _cubic("p", "Sigmoid").replace("d =", "p = Mul(x, c)\n d ="),
        _CUBIC,
    ),
    "canonical_gelu: of a square": (_cubic("a"), _CUBIC),
    "canonical_gelu: of a square times its gate": (
        _cubic("p").replace("d =", "p = Mul(a, c)\n d ="),
        _CUBIC,
    ),
    "canonical_gelu: of another value times its gate": (
        _cubic("p").replace("d =", "p = Mul(z, c)\n d ="),
        _CUBIC,
    ),
    "canonical_gelu: of the larger of x and three": (
        _cubic("p").replace("d =", "t = Max(x, three)\n u = Mul(t, part)\n p = Add(x, u)\n d ="),
        {**_CUBIC, "three": np.float32(3)},
    ),
    "canonical_gelu: times a square": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, root)
             b = Erf(a)
             c = Add(b, one)
             d = Mul(x, x)
             e = Mul(d, c)
             y = Mul(e, half) }""",
        {**_CUBIC, "root": np.float32(0.5**0.5)},
    ),
    "canonical_gelu: divided by its gate": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, root)
             b = Erf(a)
             c = Add(b, one)
             d = Mul(x, half)
             y = Div(d, c) }""",
        {**_CUBIC, "root": np.float32(0.5**0.5)},
    ),
    "canonical_gelu: beside a sampling": (
        """g (float[1,2,3,4] x, float[1,2,3,2] p) => (float[1,2,2,3] y, float[1,2,3,4] z) {
             y = GridSample<mode="bilinear">(x, p)
             a = Mul(x, root)
             b = Erf(a)
             c = Add(b, one)
             d = Mul(x, c)
             z = Mul(d, half) }""",
        {**_CUBIC, "root": np.float32(0.5**0.5)},
    ),
    "canonical_gemm: one number as bias": (_BEFORE_A_MAP, {**_SHAPES, "c": np.float32([0.3])}),
    "canonical_gemm: a scalar as bias": (_BEFORE_A_MAP, {**_SHAPES, "c": np.float32(0.3)}),
    "canonical_gemm: a row as bias": (_BEFORE_A_MAP, {**_SHAPES, "c": weights(1, 8)}),
    "canonical_gemm: a column as bias": (
        "g (float[3,4] x) => (float[3,5] y) { y = Gemm(x, w, c) }",
        {"w": weights(4, 5), "c": weights(3, 1)},
    ),
    "canonical_global_pool: a mean over nothing": (
        """g (float[1,4,3,5] x) => (float[1,4,3,5] y) {
             y = ReduceMean<noop_with_empty_axes=1>(x) }""",
        {},
    ),
    "canonical_hard_sigmoid: three of more dimensions": (
        _gate("float[1,3,4]"),
        {**_GATE, "three": np.full((1, 1, 1), 3, np.float32)},
    ),
    "canonical_hard_sigmoid: a sixth of more dimensions": (
        _gate("float[1,3,4]"),
        {**_GATE, "sixth": np.full((1, 1, 1), 1 / 6, np.float32)},
    ),
    "canonical_hard_swish: a sixth of more dimensions": (
        """g (float[3,4] x) => (float[1,3,4] y) { a = Add(x, three)
             b = Clip(a, zero, six)
             c = Mul(x, b)
             y = Mul(c, sixth) }""",
        {**_GATE, "sixth": np.full((1, 1, 1), 1 / 6, np.float32)},
    ),
    "canonical_hard_sigmoid: a convolution with these numbers": (
        """g (float[1,1,3,4] x) => (float[1,1,3,4] y) { a = Add(x, three)
             b = Conv(a, w, c)
             y = Mul(b, sixth) }""",
        {**_GATE, "w": np.zeros((1, 1, 1, 1), np.float32), "c": np.float32([6])},
    ),
    "canonical_hard_swish: times another operator of that slope": (
        """g (float[3,4] x) => (float[3,4] y) { a = LeakyRelu<alpha=0.16666667>(x)
             y = Mul(a, x) }""",
        {},
    ),
    "canonical_identity: a mask that is an output": (
        """g (float[3,4] x) => (float[3,4] y, bool[3,4] m) { a = Neg(x)
             y, m = Dropout(a) }""",
        {},
    ),
    "canonical_identity: a mask that chooses": (
        """g (float[3,4] x) => (float[3,4] y) { a, m = Dropout(x)
             b = Neg(a)
             y = Where(m, b, x) }""",
        {},
    ),
    "canonical_layer_norm: epsilon of more dimensions": (
        _norm(result="float[1,2,3,8]"),
        {**_NORM, "eps": np.full((1, 1, 1, 1), 1e-3, np.float32)},
    ),
    "canonical_layer_norm: a factor of more dimensions": (
        _norm(result="float[1,2,3,8]", end="y = Mul(n, k)"),
        {**_NORM, "k": weights(1, 1, 1, 8)},
    ),
    "canonical_layer_norm: by another root": (_norm(root="Exp(e)"), _NORM),
    "canonical_layer_norm: over other axes": (
        _norm(variance="ReduceMean(s, both)"),
        {**_NORM, "both": np.array([1, 2])},
    ),
    "canonical_layer_norm: a variance over nothing": (
        _norm(variance="ReduceMean<noop_with_empty_axes=1>(s)"),
        _NORM,
    ),
    "canonical_layer_norm: of what is larger than two": (_norm(squares="Max(c, two)"), _NORM),
    "canonical_layer_norm: of fourth powers": (
        _norm(squares="Pow(c, two)"),
        {**_NORM, "two": np.float32(4)},
    ),
    "canonical_layer_norm: means of the other axis": (
        """g (float[4,4] x) => (float[4,4] y) { m = ReduceMean<keepdims=0>(x, last)
             c = Sub(x, m)
             s = Mul(c, c)
             v = ReduceMean<keepdims=0>(s, last)
             e = Add(v, eps)
             r = Sqrt(e)
             y = Div(c, r) }""",
        _NORM,
    ),
    "canonical_layer_norm: of products with another value": (
        _norm(squares="Mul(c, x)"),
        {**_NORM, "eps": np.float32(9)},
    ),
    "canonical_padding: of a transposed convolution": (
        """g (float[1,2,3,3] x) => (float[1,2,6,6] y) {
             y = ConvTranspose<auto_pad="SAME_UPPER", strides=[2,2], kernel_shape=[3,3]>(x, w) }""",
        {"w": weights(2, 2, 3, 3)},
    ),
    "canonical_reduction: over nothing": (
        "g (float[3,4] x) => (float[3,4] y) { y = ReduceMean<noop_with_empty_axes=1>(x) }",
        {},
    ),
    "canonical_reduction: of one number": (
        "g (float[3,4] x) => (float y) { a = ReduceSum<keepdims=0>(x)\n y = ReduceSum(a) }",
        {},
    ),
    "canonical_reshape: of an input that is the output as it is": (
        "g (float[3,4] x) => (float[3,4] y) { y = Flatten<axis=1>(x) }",
        {},
    ),
    "canonical_shuffle: with an activation within": (
        """g (float[1,12,2,3] x) => (float[1,12,2,3] y) { a = Reshape(x, split)
             b = Sigmoid(a)
             c = Transpose<perm=[0,2,1,3,4]>(b)
             y = Reshape(c, flat) }""",
        {"split": np.array([1, 3, 4, 2, 3]), "flat": np.array([1, 12, 2, 3])},
    ),
    "canonical_shuffle: of a series": (
        """g (float[1,12,6] x) => (float[1,12,6] y) { a = Reshape(x, split)
             b = Transpose<perm=[0,2,1,3]>(a)
             y = Reshape(b, flat) }""",
        {"split": np.array([1, 3, 4, 6]), "flat": np.array([1, 12, 6])},
    ),
    "canonical_shuffle: across the batch": (
        """g (float[2,4,2,3] x) => (float[2,4,2,3] y) { a = Reshape(x, split)
             y = Transpose<perm=[1,0,2,3]>(a) }""",
        {"split": np.array([4, 2, 2, 3])},
    ),
    "canonical_softmax: plus a constant of more dimensions": (
        """g (float[1,1,9] x) => (float[1,1,9] y) { a = Reshape(x, flat)
             b = Softmax(a)
             y = Add(b, k) }""",
        {"flat": np.array([1, 9]), "k": weights(1, 1, 9)},
    ),
    "canonical_softmax: another operator between": (
        """g (float[1,9,1,1] x) => (float[1,9,1,1] y) { a = Reshape(x, flat)
             b = Mul(a, k)
             y = Reshape(b, back) }""",
        {"flat": np.array([1, 9]), "back": np.array([1, 9, 1, 1]), "k": weights(9)},
    ),
    "canonical_softmax: behind another operator": (
        """g (float[1,9] x) => (float[1,9] y) { a = Neg(x)
             b = Softmax(a)
             y = Reshape(b, flat) }""",
        {"flat": np.array([1, 9])},
    ),
    "canonical_softmax: of a column": (
        """g (float[2,3] x) => (float[2,3] y) { a = Reshape(x, column)
             b = Softmax<axis=-1>(a)
             c = Reshape(b, back)
             y = Add(c, x) }""",
        {"column": np.array([2, 3, 1]), "back": np.array([2, 3])},
    ),
}
