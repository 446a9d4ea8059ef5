"""Specimens of the rules about pools and their padding."""

from __future__ import annotations

from tests.specimens.rules.specimen import Specimen

POOLS = {
    "flat_mean": Specimen(
        """g (float[1,4,3,5] x) => (float[1,4] y) <int64[2] flat = {1,4}> {
             a = GlobalAveragePool(x)
             y = Reshape(a, flat) }""",
        lambda ops: ops == {"MEAN": 1},
    ),
    "explicit_pool_padding": Specimen(
        """g (float[1,4,6,6] x) => (float[1,8,3,3] y) {
             a = Relu(x)
             m = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(a)
             v = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1],
                             count_include_pad=1>(x)
             y = Concat<axis=1>(m, v) }""",
        lambda ops: ops["PAD"] == 2 and ops["MAX_POOL_2D"] == 1 and ops["AVERAGE_POOL_2D"] == 1,
    ),
    "edge_pool_padding": Specimen(
        """g (float[1,4,6,7] x) => (float[1,4,3,4] y) {
             y = MaxPool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]>(x) }""",
        lambda ops: ops == {"SLICE": 3, "CONCATENATION": 2, "MAX_POOL_2D": 1},
    ),
    "weighted_average_pool": Specimen(
        """g (float[1,4,6,7] x) => (float[1,4,4,4] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1],
                             ceil_mode=1>(x) }""",
        lambda ops: ops == {"PAD": 1, "AVERAGE_POOL_2D": 1, "MUL": 1},
    ),
    "average_pool_as_depthwise": Specimen(
        """g (float[1,4,6,6] x) => (float[1,4,3,3] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1],
                             count_include_pad=1>(x) }""",
        lambda ops: ops == {"Conv": 1},
    ),
}
