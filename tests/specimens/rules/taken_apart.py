"""Specimens of the rules that take operators apart which TFLite does not have."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

_NEWER = '<ir_version: 11, opset_import: ["" : 24]>'
_OUTSIDE = ("CAST", "FLOOR_MOD", "GATHER", "RESHAPE")

TAKEN_APART = {
    "cache_update_as_scatter": Specimen(
        f"{_NEWER} g (float[2,4,3] x, float[2,2,3] z) => (float[2,4,3] y)"
        '{ y = TensorScatter<mode="circular">(x, z, i) }',
        lambda ops: ops["CONCATENATION"] == 1,
        {"i": np.array([3, 0])},
    ),
    "deform_conv_as_gathers": Specimen(
        f"{_NEWER} g (float[1,4,5,6] x, float[1,18,3,4] o) => (float[1,2,3,4] y)"
        "{ y = DeformConv<kernel_shape=[3,3]>(x, w, o) }",
        lambda ops: ops["GATHER"] == 4 and ops["FULLY_CONNECTED"] == 1,
        {"w": weights(2, 4, 3, 3)},
        outside=_OUTSIDE,
    ),
    "losses_as_picks": Specimen(
        "g (float[3,4] x) => (float y) <int64[3] t = {0, 3, 1}>"
        "{ y = SoftmaxCrossEntropyLoss(x, t) }",
        lambda ops: ops["SUM"] == 3 and ops["SELECT_V2"] == 1,
        outside=("EQUAL", "SELECT_V2"),
    ),
    "pool_indices_as_argmax": Specimen(
        "g (float[1,3,5,6] x) => (float[1,3,3,3] y, int64[1,3,3,3] i)"
        "{ y, i = MaxPool<kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1]>(x) }",
        lambda ops: ops["ARG_MAX"] == ops["GATHER"] == 1,
        outside=("ADD", "ARG_MAX", "FLOOR_MOD", "GATHER", "PADV2", "TRANSPOSE"),
    ),
    "roi_align_as_gathers": Specimen(
        "g (float[2,3,8,9] x, float[2,4] r) => (float[2,3,2,2] y) <int64[2] i = {1, 0}>"
        "{ y = RoiAlign<output_height=2,output_width=2,sampling_ratio=2>(x, r, i) }",
        lambda ops: ops["GATHER"] == 4 and ops["AVERAGE_POOL_2D"] == 1,
        outside=("CAST", "EQUAL", "FLOOR_MOD", "GATHER", "RESHAPE"),
    ),
    "spectrum_as_products": Specimen(
        "g (float[1,30,1] x) => (float[1,4,9,2] y) <int64 s = {4}, int64 n = {16}>"
        "{ y = STFT<onesided=1>(x, s, , n) }",
        lambda ops: ops["CONV_2D"] == 1,
    ),
    "unpool_as_scatter": Specimen(
        """g (float[1,3,4,6] x) => (float[1,3,4,6] y) {
             a, i = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x)
             y = MaxUnpool<kernel_shape=[2,2],strides=[2,2]>(a, i) }""",
        lambda ops: ops["EQUAL"] == 1 and ops["GATHER"] == 2,
        outside=(
            "ADD", "ARG_MAX", "CAST", "EQUAL", "FLOOR_MOD", "GATHER", "MUL", "REDUCE_MAX",
            "RESHAPE", "SELECT_V2", "SUM", "TRANSPOSE",
        ),
    ),
}  # fmt: skip
