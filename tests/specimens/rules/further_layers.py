"""Graphs that a rule about layers and factors must leave alone or do right."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights
from tests.specimens.rules.moving import ONE_HOT

ORDER = np.array([2, 0, 3, 1])
Case = tuple[str, dict[str, np.ndarray]]

_MEAN = "AveragePool<kernel_shape=[3,1,1], pads=[1,0,0,1,0,0], count_include_pad=1>"

_POWER = """g (float[3,4] x) => (float[3,4] y) { a = Abs(x)
             b = Mul(a, ten)
             c = Add(b, one)
             d = Cast<to=6>(c)
             e = Pow(d, k)
             y = Cast<to=1>(e) }"""
_TENS = {"ten": np.float32(10), "one": np.float32(1)}

LAYERS: dict[str, Case] = {
    "lrn_as_conv: other averages": (
        f"""g (float[1,4,2,3] x) => (float[1,4,2,3] p, float[1,4,2,3] q, float[1,4,6] r,
                                     float[1,4,2,3] s, float[1,4,2,3] t) {{
             a = Reshape(x, deep)
             b = AveragePool<kernel_shape=[3,2,1], pads=[1,0,0,1,1,0], count_include_pad=1>(a)
             p = Reshape(b, map)
             c = Reshape(x, parts)
             d = {_MEAN}(c)
             q = Reshape(d, map)
             e = {_MEAN}(a)
             r = Reshape(e, rows)
             f = AveragePool<kernel_shape=[3,1,1], pads=[1,0,0,1,0,0]>(a)
             s = Reshape(f, map)
             h = Add(x, k)
             i = {_MEAN}(h)
             t = Reshape(i, map) }}""",
        {"deep": np.array([1, 1, 4, 2, 3]), "map": np.array([1, 4, 2, 3]),
         "parts": np.array([1, 2, 2, 2, 3]), "rows": np.array([1, 4, 6]),
         "k": np.ones((1, 1, 1, 1, 1), np.float32)},
    ),
    "merge_scales: of more dimensions": (
        """g (float[3,4] x) => (float[1,1,3,4] y, float[1,1,3,4] z) { a = Mul(x, two)
             y = Mul(a, deep)
             b = Mul(x, deep)
             z = Mul(b, two) }""",
        {"two": np.float32(2), "deep": np.full((1, 1, 1, 1), 3, np.float32)},
    ),
    "parallel_convs: of other steps, values and kinds": (
        """g (float[1,4,3,3] x, float[1,4,3,3] z) => (float[1,4,2,2] p, float[1,4,3,3] q,
                                                      float[1,4,3,3] r, float[1,4,3,3] s) {
             a = Conv<strides=[2,2]>(x, w0)
             b = Conv(x, w2)
             p = Add(a, b)
             c = Conv(x, w0)
             d = Conv(z, w0)
             q = Add(c, d)
             e = Conv(x, w1)
             f = Relu(x)
             r = Add(e, f)
             h = Conv(x, w3)
             i = Conv(x, w4)
             s = Add(h, i) }""",
        {"w0": weights(4, 4, 1, 1), "w1": weights(4, 4, 1, 1, seed=1), "w2": weights(4, 4, 2, 2),
         "w3": weights(4, 4, 3, 3), "w4": weights(4, 4, 1, 1, seed=4)},
    ),
    "parallel_convs: of other windows and groups": (
        """g (float[1,4,4,4] x, float[1,2,4,4] z) => (float[1,4,4,4] p, float[1,4,4,4] q,
                                       float[1,4,4,4] r, float[1,2,4,4] s, float[1,4,4,4] t) {
             a = Conv<pads=[2,2,2,2], dilations=[2,2]>(x, w3)
             b = Conv(x, w0)
             p = Add(a, b)
             c = Conv<pads=[1,1,1,1]>(x, w3)
             d = Conv<pads=[0,1,2,1]>(x, w3)
             q = Add(c, d)
             e = Conv<group=2>(x, w2)
             f = Conv(x, w1)
             r = Add(e, f)
             h = Conv<group=2>(x, narrow)
             i = Conv(x, few)
             s = Add(h, i)
             j = Conv<group=2>(z, wide)
             k = Conv(z, many)
             t = Add(j, k) }""",
        {"w0": weights(4, 4, 1, 1), "w1": weights(4, 4, 1, 1, seed=1), "w2": weights(4, 2, 1, 1),
         "w3": weights(4, 4, 3, 3), "narrow": weights(2, 2, 1, 1), "few": weights(2, 4, 1, 1),
         "wide": weights(4, 1, 1, 1), "many": weights(4, 2, 1, 1)},
    ),
    "parallel_convs: beside statistics of the batch": (
        """g (float[2,4,3,3] x) => (float[2,4,3,3] y) { a = Conv(x, w)
             b, mean, variance = BatchNormalization<training_mode=1>(x, s, o, m, v)
             y = Add(a, b) }""",
        {"w": weights(4, 4, 1, 1), "s": weights(4), "o": weights(4, seed=1),
         "m": weights(4, seed=2), "v": weights(4, seed=3) ** 2 + 1},
    ),
    "permutation_as_conv: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.shuffle(12, 3)},
    ),
    "permutation_into_conv: before another depthwise convolution": (
        """g (float[1,12,2,3] x) => (float[1,5,2,3] y, float[1,5,2,3] z) {
             a = Gather<axis=1>(x, order)
             b = Conv<group=6>(a, w0)
             y = Conv(b, w1)
             c = Gather<axis=1>(x, other)
             d = Conv<group=12>(c, w2)
             z = Conv(d, w3) }""",
        {"order": permutations.shuffle(12, 3), "other": permutations.shuffle(12, 4),
         "w0": weights(6, 2, 1, 1), "w1": weights(5, 6, 1, 1), "w2": weights(24, 1, 1, 1),
         "w3": weights(5, 24, 1, 1)},
    ),
    "pointwise_gemm: of a map of several places": (
        """g (float[1,2,2,2] x) => (float[1,3,1,1] y) { a = Reshape(x, flat)
             b = Gemm<transB=1>(a, w)
             y = Reshape(b, map) }""",
        {"flat": np.array([1, 8]), "w": weights(3, 8), "map": np.array([1, 3, 1, 1])},
    ),
    "pointwise_gemm: to another form": (
        """g (float[1,4,1,1] x, float[1,4,1,1] z) => (float[1,2,2,1] y, float[1,4,1,1] u) {
             a = Reshape(x, flat)
             b = Gemm<transB=1>(a, w)
             y = Reshape(b, map)
             c = Reshape(z, flat)
             d = Gemm<transB=1>(c, w)
             u = Gather<axis=1>(d, order) }""",
        {"flat": np.array([1, 4]), "w": weights(4, 4), "map": np.array([1, 2, 2, 1]),
         "order": ORDER[:, None, None]},
    ),
    "pointwise_gemm: with other operators between": (
        """g (float[1,4,1,1] p, float[1,4,1,1] q, float[1,4,1,1] r, float[1,4,1,1] s)
               => (float[1,4,1,1] y, float[1,4,1,1] z, float[1,4,1,1] u,
                   float[1,4,1,1] v) {
             a = Reshape(p, flat)
             b = Softmax(a)
             y = Reshape(b, map)
             c = Reshape(q, flat)
             d = Div(c, k)
             z = Reshape(d, map)
             e = Reshape(r, flat)
             f = Mul(e, one)
             u = Reshape(f, map)
             h = Reshape(s, flat)
             i = Gemm(h, w)
             v = Reshape(i, map) }""",
        {"flat": np.array([1, 4]), "map": np.array([1, 4, 1, 1]), "k": weights(4),
         "one": np.float32(0.7), "w": weights(4, 4)},
    ),
    "power_as_roots: in other steps": (
        "g (float[3,4] x) => (float[3,4] y) { a = Abs(x)\n y = Pow(a, k) }",
        {"k": np.float32(0.3)},
    ),
    "power_as_roots: of more dimensions": (
        """g (float[4,3,5] x) => (float[1,2,3,5] y) { a = Abs(x)
             b = Pow(a, k)
             y = Conv(b, w) }""",
        {"k": np.full((1, 1, 1, 1), 0.5, np.float32), "w": weights(2, 4, 1, 1)},
    ),
    "power_as_roots: squares of whole numbers": (
        """g (float[3,4] x) => (float[3,4] y) { a = Mul(x, ten)
             b = Cast<to=6>(a)
             c = Pow(b, two)
             y = Cast<to=1>(c) }""",
        {"ten": np.float32(10), "two": np.float32(2)},
    ),
    "power_as_roots: roots of whole numbers": (_POWER, {**_TENS, "k": np.float32(0.5)}),
    "power_as_roots: reciprocals of whole numbers": (_POWER, {**_TENS, "k": np.float32(-1)}),
    "relu_through_concat: through a sum": (
        """g (float[1,4,3,3] x) => (float[1,6,3,3] y) { a = Conv(x, w0)
             b = Conv(x, w1)
             c = Add(a, b)
             y = Relu(c) }""",
        {"w0": weights(6, 4, 1, 1), "w1": weights(6, 4, 1, 1, seed=1)},
    ),
    "repeated_channels: of groups": (
        """g (float[1,4,3,3] x) => (float[1,8,3,3] y) { a = Conv(x, w0)
             y = Conv<group=2>(a, w1) }""",
        {"w0": weights(4, 4, 1, 1), "w1": weights(8, 2, 1, 1)},
    ),
    "repeated_channels: of a series": (
        """g (float[1,4,6] x) => (float[1,8,6] y) { a = Conv(x, w0)
             y = Conv<group=4>(a, w1) }""",
        {"w0": weights(4, 4, 1), "w1": weights(8, 1, 1)},
    ),
    "residual_into_depthwise: that is none": (
        """g (float[1,4,3,3] x, float[1,4,3,3] z, float[1,4,3,3] d) => (float[1,4,3,3] p,
                             float[1,4,3,3] q, float[1,4,3,3] r, float[1,4,3,3] s,
                             float[1,4,3,3] t) {
             a = Conv<group=4, strides=[2,2], pads=[2,2,2,2]>(x, w)
             p = Add(x, a)
             b = Conv<group=4, dilations=[2,2], pads=[1,1,1,1]>(x, w2)
             q = Add(x, b)
             c = Conv<group=4>(x, w)
             r = Add(x, c)
             e = Conv<group=4, pads=[1,1,1,1]>(x, w)
             s = Add(z, e)
             f = Conv<pads=[1,1,1,1]>(x, dense)
             t = Add(x, f) }""",
        {"w": weights(4, 1, 3, 3), "w2": weights(4, 1, 2, 2), "dense": weights(4, 4, 3, 3)},
    ),
    "large_depthwise_in_parts: all but": (
        """g (float[1,4,7,7] x, float[1,1,7,7] z) => (float[1,4,1,1] y, float[1,4,4,4] p,
              float[1,4,7,3] q, float[1,4,2,7] r, float[1,8,7,7] s, float[1,3,7,7] t,
              float[1,4,1,1] u, float[1,4,8,8] v) {
             y = Conv<group=4>(x, w, b)
             p = Conv<group=4, strides=[2,2], pads=[3,3,3,3]>(x, w)
             q = Conv<group=4, dilations=[2,2], pads=[6,6,6,2]>(x, w, b)
             r = Conv<group=4, strides=[3,1], pads=[2,3,1,3]>(x, w)
             s = Conv<group=4, pads=[3,3,3,3]>(x, twice)
             t = Conv<pads=[3,3,3,3]>(z, first)
             u = Conv<group=4, strides=[9,9], pads=[6,6,0,0]>(x, w)
             v = Conv<group=4, pads=[3,3,3,3]>(x, even) }""",
        {"w": weights(4, 1, 7, 7), "b": weights(4), "twice": weights(8, 1, 7, 7),
         "first": weights(3, 1, 7, 7), "even": weights(4, 1, 6, 6)},
    ),
    "scale_into_layers: into a bias": (
        """g (float[6] x, float[1,4,3,3] z) => (float[1,6,3,3] y) { a = Mul(x, scale)
             y = Conv(z, w, a) }""",
        {"scale": np.float32(0.5), "w": weights(6, 4, 1, 1)},
    ),
    "scale_into_layers: of a square": (
        """g (float[1,4,3,3] x) => (float[1,6,3,3] y) { a = Mul(x, scale)
             b = Mul(a, a)
             y = Conv(b, w) }""",
        {"scale": np.float32(0.5), "w": weights(6, 4, 1, 1)},
    ),
    "scale_into_layers: of a sum": (
        """g (float[1,4,3,3] x, float[1,4,3,3] z) => (float[1,6,3,3] y) { a = Mul(x, scale)
             b = Add(a, z)
             y = Conv(b, w) }""",
        {"scale": np.float32(0.5), "w": weights(6, 4, 1, 1)},
    ),
    "scale_into_maker: of what no layer of constants makes": (
        """g (float[2,4] x, float[4,6] u, float[2,3,4] v)
               => (float[2,4] p, float[12] q, float[6] r) {
             a = Add(x, k)
             p = Mul(a, scale)
             b = MatMul(x, u)
             c = Reshape(b, twelve)
             q = Mul(c, scale)
             d = MatMul(v, w)
             e = Reshape(d, six)
             r = Mul(e, scale) }""",
        {"k": weights(2, 4), "scale": np.float32(0.3), "twelve": np.array([12]),
         "w": weights(4), "six": np.array([6])},
    ),
    "scale_into_maker: of what is turned round": (
        """g (float[3,4] x) => (float[3,3] y, float[3,3] z) { a = Gemm<transB=1>(x, w, b)
             c = Slice(a, five, two, one, minus)
             y = Mul(c, scale)
             d = Slice(a, two, before, one, minus)
             z = Relu(d) }""",
        {"w": weights(6, 4), "b": weights(6), "scale": np.float32(0.3), "five": np.array([5]),
         "two": np.array([2]), "before": np.array([-100]), "one": np.array([1]),
         "minus": np.array([-1])},
    ),
    "scale_into_maker: of products with a constant": (
        """g (float[3,4] x) => (float[3,6] y) { a = MatMul(x, w)
             b = MatMul(a, v)
             y = Mul(b, scale) }""",
        {"w": weights(4, 5), "v": weights(5, 6), "scale": np.float32(0.3)},
    ),
    "shift_as_slices: that are none": (
        """g (float[1,6,3,3] x, float[1,12,3,3] z) => (float[1,6,3,3] p, float[1,6,3,3] q,
                                                      float[1,12,3,3] r, float[1,6,3,3] s) {
             p = Conv<group=6, pads=[1,1,1,1]>(x, shifts, c)
             q = Conv<group=6, strides=[2,2], pads=[2,2,2,2]>(x, shifts)
             r = Conv<group=6, pads=[1,1,1,1]>(x, more)
             s = Conv<group=6, pads=[1,1,1,1]>(z, pairs) }""",
        {"shifts": ONE_HOT, "c": weights(6), "more": np.repeat(ONE_HOT, 2, axis=0),
         "pairs": np.concatenate([0 * ONE_HOT, ONE_HOT], axis=1)},
    ),
    "shift_as_slices: of a series": (
        "g (float[1,6,5] x) => (float[1,6,5] y) { y = Conv<group=6, pads=[1,1]>(x, shifts) }",
        {"shifts": np.repeat(np.float32([[[1, 0, 0]]]), 6, axis=0)},
    ),
    "shift_as_slices: with gaps": (
        """g (float[1,6,4,5] x) => (float[1,6,4,5] y) {
             y = Conv<group=6, dilations=[1,2], pads=[1,2,1,2]>(x, shifts) }""",
        {"shifts": ONE_HOT},
    ),
    "shuffle_as_ranges: of what others add": (
        """g (float[1,4,2,3] x) => (float[1,5,2,3] y, float[1,4,2,3] z, float[1,5,2,3] u) {
             a = Conv(x, w0)
             b = Conv(x, w1)
             c = Conv(x, w2)
             d = Concat<axis=1>(a, b, c)
             e = Gather<axis=1>(d, order)
             f, h = Split<axis=1>(e, sizes)
             y = Conv(f, w3)
             z = Add(a, b)
             u = Conv(h, w4) }""",
        {"w0": weights(4, 4, 1, 1), "w1": weights(4, 4, 1, 1, seed=1),
         "w2": weights(4, 4, 1, 1, seed=2), "w3": weights(5, 8, 1, 1), "w4": weights(5, 4, 1, 1),
         "sizes": np.array([8, 4]),
         "order": np.array([0, 4, 1, 5, 2, 6, 3, 7, 11, 9, 8, 10])},
    ),
    "shuffle_as_ranges: before groups": (
        """g (float[1,12,2,3] x) => (float[1,5,2,3] y) { a = Gather<axis=1>(x, order)
             b = Conv<group=3>(a, w0)
             y = Conv(b, w1) }""",
        {"w0": weights(6, 4, 1, 1), "w1": weights(5, 6, 1, 1),
         "order": permutations.shuffle(12, 3)},
    ),
    "shuffle_as_ranges: before a layer behind one that keeps its shuffle": (
        """g (float[1,26,2,2] x) => (float[1,3,2,2] y, float[1,3,2,2] z) {
             a = Gather<axis=1>(x, order)
             b, c = Split<axis=1, num_outputs=2>(a)
             d = Conv(b, w0)
             e = Relu(d)
             y = Conv(e, w1)
             z = Conv(c, w0) }""",
        {"w0": weights(3, 13, 1, 1), "w1": weights(3, 3, 1, 1),
         "order": permutations.shuffle(26, 13)},
    ),
    "shuffle_as_ranges: of rows": (
        """g (float[1,4,3,3] x) => (float[1,5,3,3] y) { a = Gather<axis=2>(x, order)
             y = Conv(a, w) }""",
        {"order": np.array([2, 0, 1]), "w": weights(5, 4, 1, 1)},
    ),
    "shuffle_as_transpose: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.shuffle(12, 3)},
    ),
    "training_batch_norm: of known statistics": (
        "g (float[1,4,3,3] x) => (float[1,4,3,3] y) { y = BatchNormalization(x, s, o, m, v) }",
        {"s": weights(4), "o": weights(4, seed=1), "m": weights(4, seed=2),
         "v": weights(4, seed=3) ** 2 + 1},
    ),
    "tiled_factor: a map": (
        "g (float[1,2,28,30] x, float[1,2,28,30] z) => (float[1,2,28,30] y) { y = Mul(x, z) }",
        {},
    ),
    "tiled_factor: rows": (
        "g (float[3,4] x, float[3,1] z) => (float[3,4] y) { y = Mul(x, z) }", {},
    ),
}  # fmt: skip
