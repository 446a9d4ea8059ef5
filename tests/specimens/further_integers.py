"""Graphs that a rule must leave alone or do right, in integers too."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray]]

QUANTIZED: dict[str, Case] = {
    "gemm_as_matmul: with a bias for every row": (
        "g (float[3,4] x) => (float[3,5] y) { y = Gemm(x, w, c) }",
        {"w": weights(4, 5), "c": weights(3, 1)},
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
}
