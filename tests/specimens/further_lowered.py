"""Graphs that a rule of a format must leave alone or do right, of windows, moves and samples."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights

Case = tuple[str, dict[str, np.ndarray]]

LOWERED: dict[str, Case] = {
    "channel_roll: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.roll(12, 3)},
    ),
    "channel_shuffle: of a series": (
        "g (float[1,12,6] x) => (float[1,12,6] y) { y = Gather<axis=1>(x, order) }",
        {"order": permutations.shuffle(12, 3)},
    ),
    "dilated_max_as_slices: of a convolution": (
        """g (float[1,2,6,6] x) => (float[1,2,4,4] y) {
             y = Conv<kernel_shape=[2,2], dilations=[2,2], group=2>(x, w) }""",
        {"w": weights(2, 1, 2, 2)},
    ),
    "dilated_max_as_slices: padded at the beginning": (
        """<ir_version: 10, opset_import: ["" : 19]>
           g (float[1,2,6,6] x) => (float[1,2,5,6] y) {
             y = MaxPool<kernel_shape=[2,1], dilations=[2,1], pads=[1,0,0,0]>(x) }""",
        {},
    ),
    "drop_redundant_relu: between two outputs": (
        """g (float[3,4] x) => (float[3,4] y, float[3,4] z) { z = Sigmoid(x)
             y = Relu(z) }""",
        {},
    ),
    "expansion_by_reader: of rows of a product": (
        """g (float[2,1,4] x) => (float[2,4,4] y) { a = Expand(x, shape)
             y = MatMul(a, w) }""",
        {"shape": np.array([2, 4, 4]), "w": weights(2, 4, 4)},
    ),
    "grid_sample_as_gathers: one row folded at its middle": (
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[1,2,1,3] x, float[1,2,2,2] p) => (float[1,2,2,2] y) {
             y = GridSample<align_corners=1, padding_mode="reflection">(x, p) }""",
        {},
    ),
}
