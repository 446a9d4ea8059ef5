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
}
