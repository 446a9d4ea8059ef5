"""Every rewrite rule: equal outputs before and after, and the effect that it promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit import runtimes
from edgekit.export import formats, lowering
from edgekit.export.graph import permutations
from edgekit.export.rewriting import choices, rules
from edgekit.export.rewriting.choices import Choices
from tests.specimens import canonical, graphs
from tests.specimens.graphs import weights
from tests.specimens.rules import WINDOWS, Specimen
from tests.specimens.taken_apart import TAKEN_APART

SHUFFLE = permutations.shuffle(12, 3)
ONE_HOT = np.zeros((6, 1, 3, 3), np.float32)
ONE_HOT[[0, 1, 2, 3, 4, 5], 0, [0, 0, 1, 1, 2, 2], [1, 1, 1, 1, 0, 0]] = 1

SPECIMENS = {
    "attention_as_products": Specimen(
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,3,8] x, float[1,5,4] k, float[1,5,4] v) => (float[1,3,8] y) {
             y = Attention<q_num_heads=4, kv_num_heads=2>(x, k, v) }""",
        lambda ops: ops["BATCH_MATMUL"] == 2 and ops["SOFTMAX"] == 1 and ops["TRANSPOSE"] == 4,
    ),
    "rotary_as_products": Specimen(
        """<ir_version: 11, opset_import: ["" : 23]>
           g (float[1,2,3,8] x) => (float[1,2,3,8] y) {
             y = RotaryEmbedding<rotary_embedding_dim=6>(x, c, s, p) }""",
        lambda ops: ops["MUL"] == 4 and ops["CONCATENATION"] == 2,
        {"c": weights(7, 3), "s": weights(7, 3, seed=1), "p": np.array([[2, 0, 6]])},
    ),
    "grid_sample_as_gathers": Specimen(
        """g (float[2,3,4,5] x, float[2,2,3,2] p) => (float[2,3,2,3] y) { y = GridSample(x, p) }""",
        lambda ops: ops["GATHER"] == ops["CAST"] == 4,
        outside=("CAST", "FLOOR_MOD", "GATHER", "RESHAPE"),
    ),
    "affine_grid_as_product": Specimen(
        """<ir_version: 10, opset_import: ["" : 20]>
           g (float[2,2,3] x) => (float[2,4,5,2] y) <int64[4] size = {2, 1, 4, 5}> {
             y = AffineGrid(x, size) }""",
        lambda ops: ops["FULLY_CONNECTED"] + ops["BATCH_MATMUL"] == 1,
    ),
    "columns_as_transposed_conv": Specimen(
        """g (float[1,12,6] x) => (float[1,3,4,6] y)
           <int64[2] image = {4, 6}, int64[2] block = {2, 2}> {
             y = Col2Im<strides=[2,2]>(x, image, block) }""",
        lambda ops: not any("Col2Im" in name for name in ops),
    ),
    "padding_as_concat": Specimen(
        """g (float[1,4,5,6] x) => (float[1,4,6,6] y)
           <int64[8] pads = {0, 0, 0, 0, 0, 0, 1, 0}, float one = {1.0}> {
             y = Pad(x, pads, one) }""",
        lambda ops: ops == {"CONCATENATION": 1},
    ),
    "expansion_by_reader": Specimen(
        """g (float[2,3,4] x, float[2,1,4] f) => (float[2,3,4] y)
           <int64[3] size = {2, 3, 4}> {
             e = Expand(f, size)
             y = Mul(e, x) }""",
        lambda ops: ops == {"Mul": 1},
    ),
    "canonical_center_crop_pad": Specimen(
        """g (float[1,3,5,8] x) => (float[1,3,8,5] y)
           <int64[2] size = {8, 5}, int64[2] axes = {2, 3}> {
             y = CenterCropPad<axes=[2,3]>(x, size) }""",
        lambda ops: ops == {"Pad": 1, "Slice": 1},
    ),
    "canonical_one_hot": Specimen(
        """g (float[3] x) => (float[3,4] y) <int64 depth = {4}, float[2] values = {-1.0, 2.0}> {
             i = Cast<to=7>(x)
             y = OneHot(i, depth, values) }""",
        lambda ops: ops == {"Cast": 1, "Reshape": 1, "Equal": 2, "Or": 1, "Where": 1},
    ),
    "canonical_triangle": Specimen(
        """g (float[2,3,4] x) => (float[2,3,4] y) <int64 k = {-1}> { y = Trilu<upper=0>(x, k) }""",
        lambda ops: ops == {"Where": 1},
    ),
    "canonical_gather_nd": Specimen(
        """g (float[2,3,4] x) => (float[2,2] y) <int64[2,2,2] i = {0, 1, 2, -1, 1, 0, 0, 3}> {
             y = GatherND<batch_dims=1>(x, i) }""",
        lambda ops: ops == {"Concat": 1, "GatherND": 1},
    ),
    "canonical_pad_axes": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,6] y)
           <int64[2] pads = {1, 2}, int64[1] axes = {-1}> { y = Pad(x, pads, , axes) }""",
        lambda ops: ops == {"Pad": 1},
    ),
    "pad_with_axes": Specimen(
        """g (float[1,4,3,3] x) => (float[1,4,4,4] y)
           <int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}>
           { a = Pad(x, pads)\n y = MaxPool<kernel_shape=[2,2]>(a) }""",
        lambda ops: ops == {"Pad": 1, "MaxPool": 1},
    ),
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
    "unrolled_recurrence": Specimen(
        """g (float[6,1,3] x) => (float[6,1,1,4] y) { y = LSTM<hidden_size=4>(x, w, r) }""",
        lambda ops: ops["FULLY_CONNECTED"] == 6 and not any("LSTM" in name for name in ops),
        {"w": weights(1, 16, 3), "r": weights(1, 16, 4, seed=1)},
    ),
    **WINDOWS,
    "canonical_shuffle": Specimen(
        """g (float[1,12,2,3] x) => (float[1,12,2,3] y)
           <int64[5] split = {1,3,4,2,3}, int64[4] flat = {1,12,2,3}> {
             a = Reshape(x, split)
             b = Transpose<perm=[0,2,1,3,4]>(a)
             y = Reshape(b, flat) }""",
        lambda ops: ops == {"Gather": 1},
    ),
    "canonical_global_pool": Specimen(
        """g (float[1,4,3,5] x) => (float[1,4] y) <int64[2] axes = {-1,-2}> {
             y = ReduceMean<keepdims=0>(x, axes) }""",
        lambda ops: ops == {"GlobalAveragePool": 1, "Reshape": 1},
    ),
    "canonical_hard_sigmoid": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) {
             a = Add(x, three)
             b = Clip(a, zero, six)
             y = Mul(b, sixth) }""",
        lambda ops: ops == {"HardSigmoid": 1},
        {
            "zero": np.float32(0),
            "three": np.float32(3),
            "six": np.float32(6),
            "sixth": np.float32(1 / 6),
        },
    ),
    "canonical_division": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) {
             a = Div(x, six)
             b = Div(a, seven)
             y = Div(b, denormal) }""",
        lambda ops: ops == {"Mul": 2, "Div": 1},
        {
            "six": np.full((4, 1, 1), 6, np.float32),
            "seven": np.float32(7),
            "denormal": np.float32(1e-40),
        },
    ),
    "canonical_padding": Specimen(
        """g (float[1,4,5,6] x) => (float[1,4,2,3] y) {
             a = MaxPool<kernel_shape=[2,2], auto_pad="SAME_LOWER">(x)
             y = Conv<group=4, strides=[2,2], dilations=[2,1], auto_pad="VALID">(a, w) }""",
        lambda ops: ops == {"Conv": 1, "MaxPool": 1},
        {"w": weights(4, 1, 2, 2)},
    ),
    "canonical_reshape": Specimen(
        """g (float[1,4,2,3] x) => (float[1,24] y) <int64[3] three = {1,8,3}> {
             a = Reshape(x, three)
             y = Flatten<axis=1>(a) }""",
        lambda ops: ops in ({"Reshape": 1}, {"RESHAPE": 1}),
    ),
    "canonical_hard_swish": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) {
             gate = HardSigmoid<alpha=0.16666667, beta=0.5>(x)
             y = Mul(gate, x) }""",
        lambda ops: ops == {"HardSwish": 1},
    ),
    "activation_before_permutation": Specimen(
        """g (float[1,12,2,3] x) => (float[1,12,2,3] y) {
             a = Gather<axis=1>(x, order)
             b = Relu(a)
             y = Neg(b) }""",
        lambda ops: ops == {"Relu": 1, "Gather": 1, "Neg": 1},
        {"order": SHUFFLE},
    ),
    "merge_permutations": Specimen(
        """g (float[1,12,2,3] x) => (float[1,12,2,3] y) {
             a = Gather<axis=1>(x, order)
             b = Gather<axis=1>(a, back)
             y = Relu(b) }""",
        lambda ops: ops == {"Relu": 1},
        {"order": SHUFFLE, "back": np.argsort(SHUFFLE)},
    ),
    "permutation_into_conv": Specimen(
        """g (float[1,6,4,4] x) => (float[1,8,4,4] y) {
             a = Conv(x, w0, b0)
             b = Relu(a)
             c = Gather<axis=1>(b, order)
             d = Conv<group=2>(c, w1)
             e = Gather<axis=1>(d, order)
             f = Relu(e)
             y = Conv(f, w2) }""",
        lambda ops: ops == {"Conv": 3, "Relu": 2},
        {
            "w0": weights(12, 6, 1, 1),
            "b0": weights(12),
            "w1": weights(12, 6, 1, 1),
            "w2": weights(8, 12, 1, 1),
            "order": SHUFFLE,
        },
    ),
    "hard_sigmoid_as_relu6": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y) {
             y = HardSigmoid<alpha=0.2, beta=0.5>(x) }""",
        lambda ops: ops == {"MUL": 2, "ADD": 1},
    ),
    "gemm_as_matmul": Specimen(
        """g (float[3,2] x, float[4,3] z) => (float[2,4] y) {
             y = Gemm<transA=1, transB=1, alpha=0.5>(x, z) }""",
        lambda ops: ops == {"BATCH_MATMUL": 1, "MUL": 1},
    ),
    "canonical_depth_to_space": Specimen(
        """g (float[1,12,2,3] x) => (float[1,3,4,6] y) {
             y = DepthToSpace<blocksize=2, mode="CRD">(x) }""",
        lambda ops: ops == {"Gather": 1, "DepthToSpace": 1},
    ),
    "pointwise_gemm": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y)
           <int64[2] flat = {1,8}, int64[4] map = {1,8,1,1}> {
             pooled = GlobalAveragePool(x)
             a = Reshape(pooled, flat)
             b = Gemm<transB=1>(a, w0, b0)
             c = Relu(b)
             d = Gemm<transB=1>(c, w1, b1)
             e = Mul(d, vector)
             f = Reshape(e, map)
             y = Mul(x, f) }""",
        lambda ops: ops == {"MEAN": 1, "CONV_2D": 2, "MUL": 2},
        {
            "w0": weights(4, 8),
            "b0": weights(4),
            "w1": weights(8, 4),
            "b1": weights(8),
            "vector": weights(8),
        },
    ),
    "lrn_as_conv": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y) {
             y = LRN<size=5, alpha=0.3, beta=0.75, bias=2.0>(x) }""",
        lambda ops: ops == {"MUL": 2, "CONV_2D": 1, "SQRT": 2, "DIV": 1},
    ),
    "power_as_roots": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y) {
             a = Sigmoid(x)
             b = Pow(a, exponent)
             c = Pow(b, quarter)
             d = Pow(c, minus)
             y = Pow(d, one) }""",
        lambda ops: (ops["SQRT"], ops["MUL"], ops["DIV"]) == (4, 2, 1),
        {
            "exponent": np.float32(2.5),
            "quarter": np.float32(0.25),
            "minus": np.float32(-0.5),
            "one": np.float32(1),
        },
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
    "flat_mean": Specimen(
        """g (float[1,4,3,5] x) => (float[1,4] y) <int64[2] flat = {1,4}> {
             a = GlobalAveragePool(x)
             y = Reshape(a, flat) }""",
        lambda ops: ops == {"MEAN": 1},
    ),
    "flatten_into_gemm": Specimen(
        """g (float[1,4,3,5] x) => (float[1,7] y) <int64[2] flat = {1,60}> {
             a = Reshape(x, flat)
             b = Relu(a)
             y = Gemm<transB=1>(b, w, bias) }""",
        lambda ops: ops == {"RESHAPE": 1, "RELU": 1, "FULLY_CONNECTED": 1},
        {"w": weights(7, 60), "bias": weights(7)},
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
    "bias_into_matmul": Specimen(
        """g (float[2,3,8] x) => (float[2,3,4] y) {
             p = MatMul(x, w)
             y = Add(b, p) }""",
        lambda ops: ops == {"FULLY_CONNECTED": 1},
        {"w": weights(8, 4), "b": weights(4)},
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
    "permutation_as_conv": Specimen(
        """g (float[1,12,2,3] x) => (float[1,12,2,3] y) {
             a = Relu(x)
             b = Gather<axis=1>(a, order)
             y = Add(a, b) }""",
        lambda ops: ops == {"RELU": 1, "CONV_2D": 1, "ADD": 1},
        {"order": permutations.roll(12, 3)},
    ),
    "permutation_into_small_conv": Specimen(
        """g (float[1,12,2,3] x) => (float[1,6,2,3] y) {
             a = Conv<group=3>(x, w0, b0)
             b = Gather<axis=1>(a, order)
             c = Conv<group=12>(b, w1)
             d = Gather<axis=1>(c, order)
             y = Conv<group=2>(d, w2) }""",
        lambda ops: ops == {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 1},
        {
            "w0": weights(12, 4, 1, 1),
            "b0": weights(12),
            "w1": weights(12, 1, 1, 1),
            "w2": weights(6, 6, 1, 1),
            "order": SHUFFLE,
        },
    ),
    "channel_shuffle": Specimen(
        "g (float[1,60,2,3] x) => (float[1,60,2,3] y) { y = Gather<axis=1>(x, order) }",
        lambda ops: ops == {"RESHAPE": 2, "TRANSPOSE": 1},
        {"order": permutations.shuffle(60, 3)},
    ),
    "channel_roll": Specimen(
        "g (float[1,60,2,3] x) => (float[1,60,2,3] y) { y = Gather<axis=1>(x, order) }",
        lambda ops: ops == {"RESHAPE": 2, "TRANSPOSE": 2, "SLICE": 4, "CONCATENATION": 2},
        {"order": permutations.roll(60, 3)},
    ),
    "split_concat": Specimen(
        """g (float[1,2,3,3] x) => (float[1,18,3,3] y) {
             y = Concat<axis=1>(x, x, x, x, x, x, x, x, x) }""",
        lambda ops: ops == {"CONCATENATION": 3},
    ),
    "drop_redundant_relu": Specimen(
        """g (float[1,4,4,4] x) => (float[1,4,2,2] y) {
             a = Clip(x, low, high)
             b = MaxPool<kernel_shape=[2,2], strides=[2,2]>(a)
             c = Relu(b)
             y = Add(c, c) }""",
        lambda ops: ops == {"RELU6": 1, "MAX_POOL_2D": 1, "ADD": 1},
        {"low": np.float32(0), "high": np.float32(6)},
    ),
    "relu_through_concat": Specimen(
        """g (float[1,4,4,4] x) => (float[1,10,4,4] y) {
             a = Relu(x)
             b = Conv(x, w)
             c = Concat<axis=1>(a, b)
             y = Relu(c) }""",
        lambda ops: ops == {"RELU": 1, "CONV_2D": 1, "CONCATENATION": 1},
        {"w": weights(6, 4, 1, 1)},
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
    "hard_swish_as_gate": Specimen(
        "g (float[1,4,2,3] x) => (float[1,4,2,3] y) { y = HardSwish(x) }",
        lambda ops: ops == {"Add": 1, "Clip": 1, "Mul": 2},
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
    "average_pool_as_depthwise": Specimen(
        """g (float[1,4,6,6] x) => (float[1,4,3,3] y) {
             y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1],
                             count_include_pad=1>(x) }""",
        lambda ops: ops == {"Conv": 1},
    ),
    "permutation_past_depthwise": Specimen(
        """g (float[1,12,4,6] x) => (float[1,6,2,3] y) {
             a = Gather<axis=1>(x, order)
             b = Conv<group=12, kernel_shape=[2,2], strides=[2,2]>(a, w0, b0)
             y = Conv<group=2>(b, w1) }""",
        lambda ops: ops == {"Conv": 2, "Gather": 1},
        {
            "w0": weights(12, 1, 2, 2),
            "b0": weights(12),
            "w1": weights(6, 6, 1, 1),
            "order": SHUFFLE,
        },
    ),
    "shuffle_as_ranges": Specimen(
        """g (float[1,4,4,6] x) => (float[1,5,2,3] y) {
             a = Conv(x, w0)
             b = Conv(x, w1)
             c = Concat<axis=1>(a, b)
             d = Gather<axis=1>(c, order)
             passed, read = Split<axis=1, num_outputs=2>(d)
             e = Conv(read, w2, b2)
             f = Concat<axis=1>(passed, e)
             h = Gather<axis=1>(f, order)
             i = Conv<group=12, kernel_shape=[2,2], strides=[2,2]>(h, w3, b3)
             y = Conv(i, w4) }""",
        lambda ops: ops == {"CONV_2D": 4, "DEPTHWISE_CONV_2D": 1, "SLICE": 6, "CONCATENATION": 2},
        {
            "w0": weights(6, 4, 1, 1),
            "w1": weights(6, 4, 1, 1),
            "w2": weights(6, 6, 1, 1),
            "b2": weights(6),
            "w3": weights(12, 1, 2, 2),
            "b3": weights(12),
            "w4": weights(5, 12, 1, 1),
            "order": SHUFFLE,
        },
    ),
    "shuffle_as_transpose": Specimen(
        "g (float[1,12,2,3] x) => (float[1,12,2,3] y) { y = Gather<axis=1>(x, order) }",
        lambda ops: ops == {"Reshape": 2, "Transpose": 1},
        {"order": SHUFFLE},
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
    "max_as_relu": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) { a = Sigmoid(x)
             y = Max(x, a) }""",
        lambda ops: ops["Sub"] == ops["Add"] == 1,
    ),
    "shift_as_slices": Specimen(
        """g (float[1,6,4,5] x) => (float[1,6,4,5] y) {
             y = Conv<group=6, kernel_shape=[3,3], pads=[1,1,1,1]>(x, shifts) }""",
        lambda ops: ops == {"Pad": 1, "Slice": 3, "Concat": 1} or ops["SLICE"] == 3,
        {"shifts": ONE_HOT},
    ),
    "sparse_pointwise": Specimen(
        """g (float[1,24,4,5] x) => (float[1,32,4,5] y) { y = Conv(x, w) }""",
        lambda ops: ops == {"DENSIFY": 1, "CONV_2D": 1},
        {"w": weights(32, 24, 1, 1) * (np.arange(24) % 4 == 0).astype(np.float32)[:, None, None]},
    ),
    "repeated_channels": Specimen(
        """g (float[1,4,5,6] x) => (float[1,24,5,6] y) {
             a = Conv(x, w0, b0)
             b = Relu(a)
             c = Conv<group=6, kernel_shape=[3,1], pads=[1,0,1,0]>(b, w1)
             y = Conv<group=12, kernel_shape=[1,3], pads=[0,1,0,1]>(c, w2) }""",
        lambda ops: ops == {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 2},
        {
            "w0": weights(6, 4, 1, 1),
            "b0": weights(6),
            "w1": weights(12, 1, 3, 1),
            "w2": weights(24, 1, 1, 3),
        },
    ),
    "rows_as_matrix": Specimen(
        """g (float[2,3,8] x) => (float[2,3,5] y, float[2,3,5] z) {
             a = MatMul(x, w)
             b = Add(offset, a)
             y = Relu(b)
             z = MatMul(x, v) }""",
        lambda ops: ops == {"Gemm": 2, "Relu": 1, "Reshape": 4},
        {"w": weights(8, 5), "v": weights(8, 5, seed=2), "offset": weights(5, seed=1)},
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

SPECIMENS |= TAKEN_APART
MENUS = (
    lowering.TFLITE, lowering.INTEGER, lowering.TFLITE_INTEGER, lowering.ONNXRUNTIME,
    lowering.ONNXRUNTIME_INTEGER,
)  # fmt: skip
SPECIMENS |= {
    name: Specimen(text, lambda ops, expected=expected: ops == expected, constants)
    for name, (text, constants, expected) in canonical.CASES.items()
    if ":" not in name
}

STAGES = (
    lowering.CANONICAL,
    *(menu.rules for menu in MENUS),
    # One of these at a time.
    *((rule,) for menu in MENUS for rule in menu.alternatives),
)  # fmt: skip
CANONICAL = [rule.name for rule in lowering.CANONICAL]
TFLITE = [rule.name for rule in lowering.TFLITE.rules]
INTEGER = [rule.name for rule in lowering.INTEGER.rules]
TFLITE_INTEGER = [rule.name for rule in lowering.TFLITE_INTEGER.rules]
RULES = {rule.name: rule for stage in STAGES for rule in stage}
CASES = [(number, rule.name) for number, stage in enumerate(STAGES) for rule in stage]


def test_every_rule_has_a_specimen_and_every_file_a_rule(repository: Path) -> None:
    assert set(SPECIMENS) == set(RULES)
    folder = repository / "edgekit" / "export" / "lowering"
    files = {path.stem for path in folder.glob("*.py")} - {
        "__init__", "permutation", "ranges", "windows",
    }  # fmt: skip
    assert files == set(RULES)


@pytest.mark.parametrize(("stage", "name"), CASES)
def test_rule_fires_on_its_specimen(stage: int, name: str) -> None:
    specimen = SPECIMENS[name]
    model = graphs.lowered(graphs.proto(specimen.text, **specimen.constants))
    assert rules.apply(model, STAGES[stage]).get(name, 0) >= 1
    assert rules.apply(model, STAGES[stage]) == {}, "a settled graph must stay as it is"


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_rule_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    after = graphs.lowered(model, RULES[name], RULES["merge_permutations"])
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    ops = Counter(node.op_type for node in after.graph)
    assert specimen.effect(ops), dict(ops)


@pytest.mark.parametrize("name", TFLITE)
def test_tflite_rule_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.TFLITE.rules)
    now = graphs.run_tflite(graphs.tflite_file(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert specimen.effect(Counter(info.operators)), info.operators
    assert info.operators_outside == specimen.outside
    assert info.partitions == 1 or specimen.outside


@pytest.mark.parametrize("name", [name for name in TFLITE_INTEGER if name not in TFLITE])
def test_rule_on_what_is_stored_keeps_outputs_and_has_its_effect(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.TFLITE_INTEGER.rules)
    now = graphs.run_tflite(graphs.tflite_file(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert specimen.effect(Counter(info.operators)), info.operators


@pytest.mark.parametrize("name", [rule.name for rule in lowering.ONNXRUNTIME.alternatives])
def test_onnx_alternative_keeps_outputs_in_standard_operators(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    target = formats.get("onnx")
    graph = graphs.lowered(model, *Choices(added=(name,)).rules(target.lowering))
    now = graphs.run_onnx(target.content(graph, "test"), inputs, tmp_path)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("change", lowering.TFLITE.changes)
def test_tflite_choice_keeps_outputs(change: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[change[1:]]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    target = formats.get("tflite")
    plain = graphs.lowered(model, *target.lowering.rules)
    other = graphs.lowered(model, *choices.parse(change).rules(target.lowering))
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_tflite(graphs.tflite_file(other), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)
    assert target.content(other, "test") != target.content(plain, "test")


@pytest.mark.parametrize("name", INTEGER)
def test_integer_rule_keeps_outputs_in_standard_operators(name: str, tmp_path: Path) -> None:
    specimen = SPECIMENS[name]
    model = graphs.proto(specimen.text, **specimen.constants)
    inputs = graphs.feeds(model)
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    after = graphs.lowered(model, *lowering.INTEGER.rules)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    assert set(now) == set(before)
    for output, wanted in before.items():
        np.testing.assert_allclose(now[output], wanted, rtol=1e-5, atol=1e-5)
    if name not in TFLITE:  # whose effects are told in operators of .tflite files
        ops = Counter(node.op_type for node in after.graph)
        assert specimen.effect(ops), dict(ops)


def test_channels_of_computed_weights_are_not_repeated(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,4,5,6] x, float[6] b) => (float[1,12,5,6] y) {
             a = Conv(x, w0, b)
             y = Conv<group=6, kernel_shape=[3,1], pads=[1,0,1,0]>(a, w1) }""",
        w0=weights(6, 4, 1, 1),
        w1=weights(12, 1, 3, 1),
    )
    inputs = graphs.feeds(model)
    after = graphs.lowered(model, RULES["repeated_channels"])
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gate_first", [True, False])
@pytest.mark.parametrize("scale", ["Div(c, six)", "Mul(sixth, c)"])
def test_hard_swish_is_found_as_code_writes_it(
    gate_first: bool, scale: str, tmp_path: Path
) -> None:
    product = "Mul(b, x)" if gate_first else "Mul(x, b)"
    model = graphs.proto(
        f"""g (float[1,4,2,3] x) => (float[1,4,2,3] y) {{
             a = Add(three, x)
             b = Clip(a, zero, six)
             c = {product}
             y = {scale} }}""",
        zero=np.float32(0),
        three=np.float32(3),
        six=np.float32(6),
        sixth=np.float32(1 / 6),
    )
    inputs = {"x": 4 * weights(1, 4, 2, 3)}
    after = graphs.lowered(model, *lowering.CANONICAL)
    assert [node.op_type for node in after.graph] == ["HardSwish"]
    before = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)
    now = graphs.run_onnx(graphs.to_onnx(after), inputs, tmp_path)
    np.testing.assert_allclose(now["y"], before["y"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bounds", [(0, 5), (-1, 6)])
def test_another_gate_is_no_hard_sigmoid(bounds: tuple[int, int]) -> None:
    model = graphs.proto(
        """g (float[1,4] x) => (float[1,4] y) {
             a = Add(x, three)
             b = Clip(a, low, high)
             y = Div(b, six) }""",
        low=np.float32(bounds[0]),
        high=np.float32(bounds[1]),
        three=np.float32(3),
        six=np.float32(6),
    )
    assert "Clip" in {node.op_type for node in graphs.lowered(model, *lowering.CANONICAL).graph}


def test_the_last_window_of_an_average_becomes_the_global_one() -> None:
    text = "g (float[1,4,7,6] x) => (float[1,4,1,1] y) { y = AveragePool<kernel_shape=[7,6]>(x) }"
    after = graphs.lowered(graphs.proto(text), *lowering.CANONICAL)
    assert [node.op_type for node in after.graph] == ["GlobalAveragePool"]


def test_torch_form_of_local_response_normalisation_is_one_partition(tmp_path: Path) -> None:
    model = graphs.proto(
        """g (float[1,8,3,5] x) => (float[1,8,3,5] y)
           <int64[5] deep = {1,1,8,3,5}, int64[4] map = {1,8,3,5}> {
             a = Mul(x, x)
             b = Reshape(a, deep)
             c = AveragePool<kernel_shape=[5,1,1], pads=[2,0,0,2,0,0], count_include_pad=1>(b)
             d = Reshape(c, map)
             e = Mul(d, alpha)
             f = Add(e, k)
             h = Pow(f, beta)
             y = Div(x, h) }""",
        alpha=np.float32(0.5),
        beta=np.float32(0.75),
        k=np.float32(2),
    )
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)["y"]
    answer = graphs.run_tflite(graphs.to_tflite(model), inputs, tmp_path)["y"]
    np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5)
    info = runtimes.load("tflite", tmp_path / "model.tflite").info()
    assert (info.partitions, info.operators_outside) == (1, ())


@given(st.lists(st.integers(1, 9), min_size=5, max_size=12))
def test_wide_concatenations_keep_their_order(sizes: list[int]) -> None:
    joined = ", ".join(f"p{number}" for number in range(len(sizes)))
    text = (
        f"g (float[1,1] x) => (float[1,{sum(sizes) + 1}] y) {{ y = Concat<axis=1>(x, {joined}) }}"
    )
    parts = {f"p{number}": weights(1, size, seed=number) for number, size in enumerate(sizes)}
    after = graphs.lowered(graphs.proto(text, **parts), RULES["split_concat"])
    assert all(len(node.inputs) <= 4 for node in after.graph)
    flat: list[str | None] = []

    def walk(value: ir.Value | None) -> None:
        producer = None if value is None else value.producer()
        if producer is None:
            flat.append(value.name if value is not None else None)
        else:
            for part in producer.inputs:
                walk(part)

    walk(after.graph.outputs[0])
    assert flat == ["x", *parts]


def _divisors(channels: int) -> list[int]:
    return [n for n in range(1, channels + 1) if channels % n == 0]


@given(st.integers(2, 60).flatmap(lambda c: st.tuples(st.just(c), st.sampled_from(_divisors(c)))))
def test_recognised_permutations_are_what_they_say(case: tuple[int, int]) -> None:
    channels, groups = case
    shuffled = permutations.shuffle(channels, groups)
    found = permutations.shuffle_groups(shuffled)
    if found is None:  # one group, or one channel a group, moves nothing
        assert np.array_equal(shuffled, np.arange(channels))
    else:
        assert np.array_equal(permutations.shuffle(channels, found), shuffled)
    rolled = permutations.roll(channels, groups)
    again = permutations.roll_groups(rolled)
    assert again is not None
    assert np.array_equal(permutations.roll(channels, again), rolled)


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_permutations_merge_in_order(first: list[int], second: list[int]) -> None:
    model = graphs.proto(
        """g (float[1,6,1,1] x) => (float[1,6,1,1] y) {
             a = Gather<axis=1>(x, p)
             y = Gather<axis=1>(a, q) }""",
        p=np.array(first),
        q=np.array(second),
    )
    merged = [
        found
        for node in graphs.lowered(model, RULES["merge_permutations"]).graph
        if (found := permutations.of_gather(node)) is not None
    ]
    assert len(merged) == 1
    values = np.arange(6)
    assert np.array_equal(values[merged[0]], values[first][second])


def test_a_reshape_that_mixes_pixels_is_no_shuffle() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y)
           <int64[5] split = {1,2,2,4,4}, int64[4] flat = {1,4,4,4}> {
             a = Reshape(x, split)
             b = Transpose<perm=[0,3,2,1,4]>(a)
             y = Reshape(b, flat) }"""
    )
    assert "Gather" not in {n.op_type for n in graphs.lowered(model, *lowering.CANONICAL).graph}


def test_a_value_with_two_readers_is_not_fused() -> None:
    model = graphs.proto(
        """g (float[1,4,4,4] x) => (float[1,4,4,4] y, float[1,4,4,4] z) {
             a = Conv(x, w)
             y = Relu(a)
             z = Add(a, x) }""",
        w=weights(4, 4, 1, 1),
    )
    assert (
        Counter(n.op_type for n in graphs.lowered(model, *lowering.TFLITE.rules).graph)["Relu"] == 1
    )


def test_rules_that_undo_each_other_are_reported() -> None:
    model = graphs.lowered(graphs.proto("g (float[1,2] x) => (float[1,2] y) { y = Relu(x) }"))
    with pytest.raises(RuntimeError, match="do not settle"):
        rules.apply(model, [rules.Rule("restless", lambda _: True)])


def test_specimens_are_valid_onnx() -> None:
    for specimen in SPECIMENS.values():
        onnx.checker.check_model(graphs.proto(specimen.text, **specimen.constants), full_check=True)
