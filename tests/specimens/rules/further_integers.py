"""Graphs that a rule must leave alone or do right, in integers too."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray]]

QUANTIZED: dict[str, Case] = {
    "folded_columns: before an activation": (
        """g (float[1,3,8,16] x) => (float[1,4,8,16] y) { a = Conv<pads=[1,1,1,1]>(x, w)
             y = Relu(a) }""",
        {"w": weights(4, 3, 3, 3)},
    ),
    "gemm_as_matmul: with a bias for every row": (
        "g (float[3,4] x) => (float[3,5] y) { y = Gemm(x, w, c) }",
        {"w": weights(4, 5), "c": weights(3, 1)},
    ),
    "parts_as_large_depthwise: before bounds, in steps, on a small map": (
        """g (float[1,4,9,9] x) => (float[1,4,9,9] y, float[1,4,5,5] z, float[1,4,3,3] v)
           <float low = {-1}, float high = {2}> {
             a = Conv<group=4, pads=[3,3,3,3]>(x, w, b)
             y = Clip(a, low, high)
             c = Conv<group=4, strides=[2,2], pads=[3,3,3,3]>(x, w)
             z = Relu(c)
             m = MaxPool<kernel_shape=[3,3], strides=[3,3]>(x)
             v = Conv<group=4, pads=[3,3,3,3]>(m, w, b) }""",
        {"w": weights(4, 1, 7, 7), "b": weights(4)},
    ),
    "permutation_as_conv: of sums": (
        """g (float[1,12,2,3] x, float[1,12,2,3] z) => (float[1,12,2,3] y) { a = Add(x, z)
             b = Gather<axis=1>(a, order)
             y = Add(a, b) }""",
        {"order": permutations.roll(12, 3)},
    ),
    "rows_as_matrix: before a bias for every row": (
        """g (float[2,3,8] x) => (float[2,3,5] y) { a = MatMul(x, w)
             y = Add(a, c) }""",
        {"w": weights(8, 5), "c": weights(3, 5)},
    ),
    "rows_as_matrix: before a transposition": (
        """g (float[2,3,8] x) => (float[2,5,3] y) { a = MatMul(x, w)
             y = Transpose<perm=[0,2,1]>(a) }""",
        {"w": weights(8, 5)},
    ),
    "transposed_as_blocks: in groups, of which the padding takes more than a window": (
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y) {
             y = ConvTranspose<group=2, strides=[2,2], pads=[2,2,2,2]>(x, w) }""",
        {"w": weights(4, 2, 2, 2)},
    ),
    "transposed_as_blocks: with a computed bias": (
        """g (float[1,4,3,3] x, float[3] c) => (float[1,3,6,6] y) {
             a = ConvTranspose<strides=[2,2]>(x, w, c)
             y = Add(a, a) }""",
        {"w": weights(4, 3, 2, 2)},
    ),
    "transposed_as_blocks: of a volume": (
        """g (float[1,2,2,3,3] x) => (float[1,3,3,4,4] y) { a = ConvTranspose(x, w)
             y = Add(a, a) }""",
        {"w": weights(2, 3, 2, 2, 2)},
    ),
}
