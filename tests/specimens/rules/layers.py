"""Specimens of the rules about what goes into layers, and how they are stored."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

LAYERS = {
    "training_batch_norm": Specimen(
        """g (float[1,4,3,3] x) => (float[1,4,3,3] y) {
             y, m2, v2 = BatchNormalization<training_mode=1>(x, s, b, m, v) }""",
        lambda ops: ops["BatchNormalization"] == 0 and ops["ReduceMean"] == 2,
        {
            "s": weights(4),
            "b": weights(4, seed=1),
            "m": weights(4, seed=2),
            "v": weights(4, seed=3) ** 2,
        },
    ),
    "lrn_as_conv": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y) {
             y = LRN<size=5, alpha=0.3, beta=0.75, bias=2.0>(x) }""",
        lambda ops: ops == {"MUL": 2, "CONV_2D": 1, "SQRT": 2, "DIV": 1},
    ),
    "batch_norm_as_depthwise": Specimen(
        """g (float[1,4,3,3] x) => (float[1,4,3,3] y) {
             a = BatchNormalization<epsilon=0.001>(x, scale, bias, mean, var)
             y = Relu(a) }""",
        lambda ops: ops == {"DEPTHWISE_CONV_2D": 1},
        {
            "scale": weights(4),
            "bias": weights(4, seed=1),
            "mean": weights(4, seed=2),
            "var": weights(4, seed=3) ** 2,
        },
    ),
    "merge_scales": Specimen(
        """g (float[1,4,3,5] x) => (float[1,4,3,5] y) {
             a = Mul(x, two)
             y = Mul(three, a) }""",
        lambda ops: ops == {"MUL": 1},
        {"two": np.float32(2), "three": np.float32(3)},
    ),
    "parallel_convs": Specimen(
        """g (float[1,4,7,6] x) => (float[1,4,7,6] y) {
             a = Conv<pads=[1,1,1,1]>(x, w0, b0)
             b = Conv(x, w1)
             c = BatchNormalization(x, v, v, m, v)
             d = Add(a, b)
             y = Add(d, c) }""",
        lambda ops: ops == {"CONV_2D": 1},
        {
            "w0": weights(4, 4, 3, 3),
            "b0": weights(4),
            "w1": weights(4, 4, 1, 1),
            "v": weights(4, seed=1) ** 2 + 1,
            "m": weights(4, seed=2),
        },
    ),
    "residual_into_depthwise": Specimen(
        """g (float[1,4,7,6] x) => (float[1,4,7,6] y) {
             a = Conv<group=4, pads=[1,2,1,2], dilations=[1,2]>(x, w, b)
             c = Add(x, a)
             y = BatchNormalization(c, v, v, m, v) }""",
        lambda ops: ops == {"DEPTHWISE_CONV_2D": 1},
        {
            "w": weights(4, 1, 3, 3),
            "b": weights(4),
            "v": weights(4, seed=1) ** 2 + 1,
            "m": weights(4, seed=2),
        },
    ),
    "scale_into_maker": Specimen(
        """g (float[3,8] x) => (float[2,3,3] y, float[2,3,5] z)
           <int64[4] heads = {1,3,2,13}, int64[3] flat = {2,3,4}, int64[3] wide = {2,3,5}> {
             p = Gemm(x, w, b)
             r = Reshape(p, heads)
             t = Transpose<perm=[0,2,1,3]>(r)
             q, k, v = Split<axis=3>(t, sizes)
             qs = Mul(q, scale)
             qf = Reshape(qs, flat)
             kf = Reshape(k, flat)
             kt = Transpose<perm=[0,2,1]>(kf)
             s = MatMul(qf, kt)
             y = Mul(scale, s)
             z = Reshape(v, wide) }""",
        lambda ops: ops["MUL"] == 0 and ops["FULLY_CONNECTED"] == 1,
        {
            "w": weights(8, 26),
            "b": weights(26),
            "scale": np.float32(0.3),
            "sizes": np.array([4, 4, 5]),
        },
    ),
    "norm_into_layers": Specimen(
        """g (float[2,3,8] x) => (float[2,3,4] y, float[6,5] z) <int64[2] rows = {6,8}> {
             n = LayerNormalization(x, factor, offset)
             p = MatMul(n, w0)
             y = Add(b0, p)
             r = Reshape(n, rows)
             z = Gemm<transB=1>(r, w1) }""",
        lambda ops: ops["MUL"] == 1 and ops["ADD"] == 1 and ops["FULLY_CONNECTED"] == 2,
        {
            "factor": weights(8),
            "offset": weights(8, seed=1),
            "w0": weights(8, 4),
            "b0": weights(4),
            "w1": weights(5, 8),
        },
    ),
    "add_into_bias": Specimen(
        """g (float[1,4,3,5] x) => (float[1,6,3,5] y) {
             a = Conv(x, w)
             y = Add(vector, a) }""",
        lambda ops: ops == {"CONV_2D": 1},
        {"w": weights(6, 4, 1, 1), "vector": weights(1, 6, 1, 1)},
    ),
    "instance_norm_as_group_norm": Specimen(
        """g (float[2,6,4,5] x) => (float[2,6,4,5] y) {
             a = Reshape(x, split)
             b = InstanceNormalization<epsilon=0.01>(a, s, o)
             c = Reshape(b, joined)
             y = Mul(c, w) }""",
        lambda ops: ops["MEAN"] == 2 and "TRANSPOSE" not in ops,
        {
            "split": np.array([2, 3, -1]),
            "joined": np.array([2, 6, 4, 5]),
            "s": weights(3),
            "o": weights(3),
            "w": weights(6, 1, 1),
        },
    ),
    "grouped_as_dense": Specimen(
        """g (float[1,120,2,3] x) => (float[1,60,2,3] y) {
             a = Relu(x)
             b = Gather<axis=1>(a, order)
             y = Conv<group=3>(b, w, c) }""",
        lambda ops: set(ops) == {"RELU", "CONV_2D"} or ops == {"Relu": 1, "Conv": 1},
        {
            "w": weights(60, 40, 1, 1),
            "c": weights(60),
            "order": permutations.shuffle(120, 3),
        },
    ),
    "sparse_pointwise": Specimen(
        """g (float[1,24,4,5] x) => (float[1,32,4,5] y) { y = Conv(x, w) }""",
        lambda ops: ops == {"DENSIFY": 1, "CONV_2D": 1},
        {"w": weights(32, 24, 1, 1) * (np.arange(24) % 4 == 0).astype(np.float32)[:, None, None]},
    ),
    "scale_into_layers": Specimen(
        """g (float[1,4,5,6] x) => (float[1,6,5,6] y, float[1,3] z) {
             a = Mul(x, scale)
             r = Relu(a)
             y = Conv(r, w0, b0)
             p = GlobalAveragePool(r)
             q = Reshape(p, flat)
             z = Gemm(q, w1) }""",
        lambda ops: ops == {"RELU": 1, "CONV_2D": 1, "MEAN": 1, "FULLY_CONNECTED": 1},
        {
            "scale": np.float32(1 / 6),
            "w0": weights(6, 4, 1, 1),
            "b0": weights(6),
            "w1": weights(4, 3),
            "flat": np.array([1, 4], np.int64),
        },
    ),
    "tiled_factor": Specimen(
        """g (float[1,4,28,30] x) => (float[1,4,28,30] y) {
             p = GlobalAveragePool(x)
             a = Mul(x, p)
             b = Mul(p, a)
             y = Add(a, b) }""",
        lambda ops: ops == {"MEAN": 1, "MUL": 2, "ADD": 2},
    ),
    "narrow_depthwise_as_dense": Specimen(
        """g (float[1,4,5,6] x) => (float[1,8,5,6] y) {
             y = Conv<group=4, pads=[1,0,1,0]>(x, w) }""",
        lambda ops: ops == {"Conv": 1},
        {"w": weights(8, 1, 3, 1)},
    ),
    "folded_columns": Specimen(
        """g (float[1,3,9,16] x) => (float[1,4,5,8] y) {
             a = Conv<strides=[2,1], pads=[1,0,1,0]>(x, w0, b0)
             y = Conv<strides=[1,2], pads=[0,1,0,1]>(a, w1) }""",
        lambda ops: ops["CONV_2D"] == 2 and ops["RESHAPE"] == 2,
        {"w0": weights(2, 3, 3, 1), "b0": weights(2), "w1": weights(4, 2, 1, 3)},
    ),
    "fuse_activation": Specimen(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y) {
             a = Conv(x, w)
             b = Clip(a, low, high)
             c = Add(b, x)
             y = Relu(c) }""",
        lambda ops: ops == {"CONV_2D": 1, "ADD": 1},
        {"w": weights(4, 4, 1, 1), "low": np.float32(0), "high": np.float32(6)},
    ),
}
