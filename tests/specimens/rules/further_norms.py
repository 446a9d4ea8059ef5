"""Graphs that a rule about normalization must leave alone or do right."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray]]

_HALVES = {"joined": np.array([1, 4, 2, 3])}
_NORM = {"s": weights(2), "o": weights(2, seed=1)}
_FACTORS = {"f": weights(4), "o": weights(4, seed=1)}
_NONE = np.zeros(4, np.float32)
_NEWER = '<ir_version: 11, opset_import: ["" : 21]>'


def _statistics(count: int) -> dict[str, np.ndarray]:
    """Return what s, b, m and v of so many channels are."""
    return {
        f"{name}{count}": abs(weights(count, seed=seed)) + 0.5 if name == "v" else weights(count)
        for seed, name in enumerate("sbmv")
    }


NORMS: dict[str, Case] = {
    "canonical_batch_norm: behind rows that are laid out otherwise": (
        """g (float[2,3,4] x, float[2,2,3,4] z) => (float[12,3] p, float[2,6] q, float[6,4] r,
                                                   float[4,3] t, float[1,6,6] u) {
             a = MatMul(x, w)
             b = Reshape(a, thirds)
             p = BatchNormalization(b, s3, b3, m3, v3)
             c = MatMul(x, w1)
             d = ReduceMax<keepdims=0>(c, one)
             q = BatchNormalization(d, s6, b6, m6, v6)
             e = Add(x, k)
             f = Reshape(e, fours)
             r = BatchNormalization(f, s4, b4, m4, v4)
             h = MatMul(z, vector)
             i = Reshape(h, threes)
             t = BatchNormalization(i, s3, b3, m3, v3)
             j = MatMul(x, w2)
             l = Reshape(j, square)
             u = BatchNormalization(l, s6, b6, m6, v6) }""",
        {"w": weights(4, 6), "w1": weights(4, 6, seed=1), "w2": weights(4, 6, seed=2),
         "k": weights(3, 4), "vector": weights(4), "one": np.array([1]),
         "thirds": np.array([12, 3]), "fours": np.array([6, 4]), "threes": np.array([4, 3]),
         "square": np.array([1, 6, 6]), **_statistics(3), **_statistics(4), **_statistics(6)},
    ),
    "instance_norm_as_group_norm: turned behind it": (
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Transpose<perm=[0,3,1,2]>(b) }""",
        {"split": np.array([1, 2, 3, 4]), **_NORM},
    ),
    "instance_norm_as_group_norm: of a turned map": (
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) { a = Transpose<perm=[0,2,3,1]>(x)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {**_HALVES, **_NORM},
    ),
    "instance_norm_as_group_norm: joined otherwise": (
        """g (float[1,4,2,3] x) => (float[1,2,4,3] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([1, 2, 12]), "joined": np.array([1, 2, 4, 3]), **_NORM},
    ),
    "instance_norm_as_group_norm: of vectors": (
        """g (float[2,4] x) => (float[2,4] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([2, 2, 2]), "joined": np.array([2, 4]), **_NORM},
    ),
    "instance_norm_as_group_norm: of numbers": (
        """g (float[2] x) => (float[2] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([2, 1, 1]), "joined": np.array([2]), "s": weights(1), "o": weights(1)},
    ),
    "instance_norm_as_group_norm: across the batch": (
        """g (float[2,4,2,3] x) => (float[2,4,2,3] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([4, 2, 6]), "joined": np.array([2, 4, 2, 3]), **_NORM},
    ),
    "instance_norm_as_group_norm: across the channels": (
        """g (float[1,3,4] x) => (float[1,3,4] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([1, 2, 6]), "joined": np.array([1, 3, 4]), **_NORM},
    ),
    "instance_norm_as_group_norm: with computed factors": (
        """g (float[1,4,2,3] x, float[2] s) => (float[1,4,2,3] y) { a = Reshape(x, split)
             b = InstanceNormalization(a, s, o)
             y = Reshape(b, joined) }""",
        {"split": np.array([1, 2, 12]), "joined": np.array([1, 4, 2, 3]), "o": weights(2)},
    ),
    "norm_into_layers: over two dimensions": (
        """g (float[2,3,4] x) => (float[2,3,5] y) { n = LayerNormalization<axis=1>(x, f)
             y = MatMul(n, w) }""",
        {"f": weights(3, 4), "w": weights(4, 5)},
    ),
    "norm_into_layers: before what cannot take it": (
        f"""{_NEWER} g (float[1,4,3,5] x, float[6] c)
               => (float[1,6,3,5] p, float[1,6,3,5] q, float[1,6,3,5] r, float[1,4,3,6] s)
               <float[1,4,3,5] a, float[1,4,3,5] b, float[1,4,3,5] d, float[1,4,3,5] e> {{
             a = GroupNormalization<num_groups=2>(x, f, o)
             p = Conv<pads=[1,1,1,1]>(a, w3)
             b = GroupNormalization<num_groups=2, epsilon=0.1>(x, f, o)
             q = Conv(b, w1, c)
             d = GroupNormalization<num_groups=2, epsilon=0.2>(x, f, o)
             r = Conv<group=2>(d, w2)
             e = GroupNormalization<num_groups=2, epsilon=0.3>(x, f, o)
             h = MatMul(e, m)
             s = Relu(h) }}""",
        {"w3": weights(6, 4, 3, 3), "w1": weights(6, 4, 1, 1), "w2": weights(6, 2, 1, 1),
         "m": weights(5, 6), **_FACTORS},
    ),
    "norm_into_layers: before layers of another dimension": (
        """g (float[1,3,2,4] x) => (float[1,6,2,4] p, float[1,3,2,5] q, float[1,3,2,2,6] r) {
             a = LayerNormalization(x, f, o)
             p = Conv(a, w)
             b = LayerNormalization<epsilon=0.1>(x, f, o)
             q = MatMul(b, m)
             c = LayerNormalization<epsilon=0.2>(x, f, o)
             d = Reshape(c, split)
             e = Transpose<perm=[0,1,2,4,3]>(d)
             r = MatMul(e, k) }""",
        {"w": weights(6, 3, 1, 1), "m": weights(1, 3, 4, 5), "split": np.array([1, 3, 2, 2, 2]),
         "k": weights(2, 6), "f": weights(4), "o": _NONE},
    ),
    "norm_into_layers: before rows of another dimension": (
        f"""{_NEWER} g (float[1,3,3,3] x) => (float[9,5] y) <float[1,3,3,3] a> {{
             a = GroupNormalization<num_groups=1>(x, f, o)
             b = Reshape(a, rows)
             y = MatMul(b, w) }}""",
        {"rows": np.array([9, 3]), "w": weights(3, 5), "f": weights(3), "o": _NONE[:3]},
    ),
    "norm_into_layers: before a factor and a matrix of sums": (
        """g (float[2,3,4] x) => (float[2,3,5] y, float[2,3,5] z) {
             a = LayerNormalization(x, f, o)
             b = MatMul(a, w)
             y = Mul(b, k)
             c = LayerNormalization<epsilon=0.1>(x, f, o)
             d = MatMul(c, w)
             z = Add(d, m) }""",
        {"w": weights(4, 5), "k": weights(5), "m": weights(3, 5), **_FACTORS},
    ),
    "norm_into_layers: of one number": (
        """g (float[2,3,1] x) => (float[6,5] y) { a = LayerNormalization(x, f, o)
             b = Reshape(a, rows)
             y = MatMul(b, w) }""",
        {"rows": np.array([6, 1]), "w": weights(1, 5), "f": weights(1), "o": weights(1, seed=1)},
    ),
}  # fmt: skip
