"""Specimens of the rules about the canonical form."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

TO_CANONICAL = {
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
    "stored_rows": Specimen(
        """g (float[1,2] x) => (float[1,2,3] y)
           <uint8[2,3] table = {1,2,3,4,5,250}, float[3] s = {0.5,0.25,2.0},
            uint8[3] z = {0,7,128}> {
             h = HardSigmoid(x)
             r = Round(h)
             i = Cast<to=7>(r)
             e = Gather(table, i)
             y = DequantizeLinear<axis=-1>(e, s, z) }""",
        lambda ops: ops["DequantizeLinear"] == 0 and ops["Sub"] == ops["Mul"] == 1,
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
    "grid_as_gathers": Specimen(
        """g (float[2,3,4,5] x) => (float[2,2,2,5] y) <int64[2,2,2] i = {2,-1,2,1,0,-1,0,1}> {
             t = Transpose<perm=[1,2,0,3]>(x)
             p = GatherND(t, i)
             y = Transpose<perm=[2,0,1,3]>(p) }""",
        lambda ops: ops == {"Gather": 2, "Transpose": 2},
    ),
    "canonical_pad_axes": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,6] y)
           <int64[2] pads = {1, 2}, int64[1] axes = {-1}> { y = Pad(x, pads, , axes) }""",
        lambda ops: ops == {"Pad": 1},
    ),
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
    "canonical_depth_to_space": Specimen(
        """g (float[1,12,2,3] x) => (float[1,3,4,6] y) {
             y = DepthToSpace<blocksize=2, mode="CRD">(x) }""",
        lambda ops: ops == {"Gather": 1, "DepthToSpace": 1},
    ),
}
