"""Specimens of the rules about what moves values."""

from __future__ import annotations

import numpy as np

from edgekit.export.graph import permutations
from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

SHUFFLE = permutations.shuffle(12, 3)
ONE_HOT = np.zeros((6, 1, 3, 3), np.float32)
ONE_HOT[[0, 1, 2, 3, 4, 5], 0, [0, 0, 1, 1, 2, 2], [1, 1, 1, 1, 0, 0]] = 1

MOVING = {
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
    "pad_with_axes": Specimen(
        """g (float[1,4,3,3] x) => (float[1,4,4,4] y)
           <int64[8] pads = {0, 0, 1, 1, 0, 0, 1, 1}>
           { a = Pad(x, pads)\n y = MaxPool<kernel_shape=[2,2]>(a) }""",
        lambda ops: ops == {"Pad": 1, "MaxPool": 1},
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
    "shift_as_slices": Specimen(
        """g (float[1,6,4,5] x) => (float[1,6,4,5] y) {
             y = Conv<group=6, kernel_shape=[3,3], pads=[1,1,1,1]>(x, shifts) }""",
        lambda ops: ops == {"Pad": 1, "Slice": 3, "Concat": 1} or ops["SLICE"] == 3,
        {"shifts": ONE_HOT},
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
}
