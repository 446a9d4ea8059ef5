"""Operators that move, repeat, pad and pick values."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import FLAT, MAP, Form

_DEFORMED = '<ir_version: 9, opset_import: ["" : 19]> '

FORMS: list[Form] = [
    (
        "DepthToSpace",
        "g (float[1,12,2,3] x) => (float[1,3,4,6] y) { y = DepthToSpace<blocksize=2>(x) }",
        {},
    ),
    (
        "DepthToSpace",
        'g (float[1,12,2,3] x) => (float[1,3,4,6] y) { y = DepthToSpace<blocksize=2,mode="CRD">'
        "(x) }",
        {},
    ),
    (
        "SpaceToDepth",
        "g (float[1,3,4,6] x) => (float[1,12,2,3] y) { y = SpaceToDepth<blocksize=2>(x) }",
        {},
    ),
    (
        "Gather",
        f"g ({MAP} x) => (float[1,2,5,6] y) {{ y = Gather<axis=1>(x, i) }}",
        {"i": np.array([3, -4])},
    ),
    (
        "Gather",
        f"g ({MAP} x) => (float[1,4,6] y) {{ y = Gather<axis=2>(x, i) }}",
        {"i": np.array(2)},
    ),
    (
        "Gather",
        f"g ({FLAT} x) => (float[2,2,3] y) {{ y = Gather<axis=-1>(x, i) }}",
        {"i": np.array([[0, 1, 2], [5, 4, -1]])},
    ),
    (
        "Gather",  # as a shuffle ends whose halves are taken apart: stored channels last
        "g (float[1,4,5,6] x) => (float[1,2,5,6] y) {\n"
        "m = MaxPool<kernel_shape=[1,1]>(x)\n"
        "apart = Reshape(m, pairs)\n"
        "turned = Transpose<perm=[1,0,2]>(apart)\n"
        "halves = Reshape(turned, maps)\n"
        "y = Gather<axis=0>(halves, i) }",
        {"pairs": np.array([2, 2, 30]), "maps": np.array([2, 1, 2, 5, 6]), "i": np.array(1)},
    ),
    (
        "Split",  # whose parts are the same elements in NHWC, and are turned
        "g (float[1,2,4,5] x) => (float[1,1,5,4] y, float[1,1,5,4] z) {\n"
        "first, second = Split<axis=1, num_outputs=2>(x)\n"
        "y = Transpose<perm=[0,1,3,2]>(first)\n"
        "z = Transpose<perm=[0,1,3,2]>(second) }",
        {},
    ),
    (
        "GatherElements",  # whose result is the same elements in NHWC
        "g (float[2,3,4,5] x) => (float[2,1,4,5] y) { y = GatherElements<axis=1>(x, i) }",
        {"i": np.arange(40).reshape(2, 1, 4, 5) % 3},
    ),
    (
        "GatherElements",
        f"g ({FLAT} x) => (float[2,3] y) {{ y = GatherElements<axis=1>(x, i) }}",
        {"i": np.array([[0, 5, 2], [1, -1, 3]])},
    ),
    (
        "GatherND",
        f"g ({MAP} x) => (float[2,5,6] y) {{ y = GatherND(x, i) }}",
        {"i": np.array([[0, 2], [0, -1]])},
    ),
    (  # to more than one product with ones should hold
        "Expand",
        "g (float[2,1,1,3] x) => (float[2,40,30,3] y) { y = Expand(x, s) }",
        {"s": np.array([2, 40, 30, 3])},
    ),
    (  # for which a product has too few dimensions
        "Tile",
        "g (float[2,2,2,2] x) => (float[4,4,4,4] y) { y = Tile(x, r) }",
        {"r": np.array([2, 2, 2, 2])},
    ),
    (
        "Expand",
        f"g ({FLAT} x) => (float[3,2,6] y) {{ y = Expand(x, s) }}",
        {"s": np.array([3, 1, 6])},
    ),
    (
        "Expand",
        "g (float[1,4,1,6] x) => (float[1,4,5,6] y) { y = Expand(x, s) }",
        {"s": np.array([1, 4, 5, 6])},
    ),
    (
        "Tile",
        f"g ({MAP} x) => (float[1,8,5,18] y) {{ y = Tile(x, r) }}",
        {"r": np.array([1, 2, 1, 3])},
    ),
    (
        "Pad",
        f"g ({MAP} x) => (float[1,6,8,9] y) {{ y = Pad(x, p, v) }}",
        {"p": np.array([0, 1, 1, 0, 0, 1, 2, 3]), "v": np.float32(-0.5)},
    ),
    (
        "Pad",
        f"g ({MAP} x) => (float[1,4,5,6] y) {{ y = Pad(x, p) }}",
        {"p": np.array([0, 0, -1, 1, 0, 0, 1, -1])},
    ),
    (
        "Pad",
        f'g ({MAP} x) => (float[1,4,8,6] y) {{ y = Pad<mode="reflect">(x, p) }}',
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 0])},
    ),
    (
        "Pad",
        f'g ({MAP} x) => (float[1,4,8,9] y) {{ y = Pad<mode="edge">(x, p) }}',
        {"p": np.array([0, 0, 1, 1, 0, 0, 2, 2])},
    ),
    (
        "Slice",
        f"g ({MAP} x) => (float[1,2,3,6] y) {{ y = Slice(x, b, e, a, s) }}",
        {
            "b": np.array([3, 0]),
            "e": np.array([-9, 5]),
            "a": np.array([1, 2]),
            "s": np.array([-2, 2]),
        },
    ),
    (
        "Slice",
        f"g ({MAP} x) => (float[1,4,2,2] y) {{ y = Slice(x, b, e, a, s) }}",
        {
            "b": np.array([1, 1]),
            "e": np.array([5, 5]),
            "a": np.array([2, 3]),
            "s": np.array([2, 3]),
        },
    ),
    (
        "Concat",
        f"g ({MAP} x) => (float[1,7,5,6] y) {{ y = Concat<axis=1>(x, c) }}",
        {"c": weights(1, 3, 5, 6)},
    ),
    ("MatMul", "g (float[2,3,6] x) => (float[2,3,4] y) { y = MatMul(x, w) }", {"w": weights(6, 4)}),
    ("MatMul", "g (float[6] x) => (float[4] y) { y = MatMul(x, w) }", {"w": weights(6, 4)}),
    (
        "MatMul",
        "g (float[2,3,6] x, float[2,6,5] z) => (float[2,3,5] y) { y = MatMul(x, z) }",
        {},
    ),
    (
        "MatMul",
        "g (float[1,2,3,6] x, float[1,2,5,6] z) => (float[1,2,3,5] y) {\n"
        " t = Transpose<perm=[0,1,3,2]>(z)\n y = MatMul(x, t) }",
        {},
    ),
    (
        "MatMul",
        "g (float[1,3,5,5] x) => (float[1,3,5,5] y) {\n a = MaxPool<kernel_shape=[1,1]>(x)\n"
        " t = Transpose<perm=[0,1,3,2]>(a)\n y = MatMul(a, t) }",
        {},
    ),
    (
        "MatMul",
        "g (float[4,6] x) => (float[2,3,6] y) { y = MatMul(w, x) }",
        {"w": weights(2, 3, 4)},
    ),
    (
        "Gemm",
        "g (float[6,2] x, float[4,6] z, float[4] b) => (float[2,4] y) {\n"
        " y = Gemm<transA=1,transB=1,alpha=0.5,beta=2.0>(x, z, b) }",
        {},
    ),
    ("MatMul", "g (float[6] x, float[6] z) => (float y) { y = MatMul(x, z) }", {}),
    (
        "GatherND",
        "g (float[2,3,4] x) => (float[2,2] y) { y = GatherND<batch_dims=1>(x, i) }",
        {"i": np.array([[[0, 1], [2, -1]], [[1, 0], [0, 3]]])},
    ),
    (
        "OneHot",
        f"g ({FLAT} x) => (float[2,4,6] y) {{ i = Cast<to=7>(x)\n"
        " y = OneHot<axis=1>(i, d, v) }",
        {"d": np.array(4), "v": np.array([0.5, -2], np.float32)},
    ),
    (
        "ReverseSequence",
        "g (float[6,4,3] x) => (float[6,4,3] y) { r = Relu(x)\n"
        " y = ReverseSequence<batch_axis=1,time_axis=0>(r, n) }",
        {"n": np.array([2, 6, 1, 3])},
    ),
    (
        "ScatterElements",
        f"g ({MAP} x, float[1,2,5,6] u) => ({MAP} y) {{ y = ScatterElements<axis=1>(x, i, u) }}",
        {"i": np.random.default_rng(0).permuted(np.tile([[1], [-1]], (1, 30)), axis=0)
              .reshape(1, 2, 5, 6)},
    ),
    (
        "ScatterElements",
        f"g ({FLAT} x) => ({FLAT} y) {{ a = ArgMax<axis=1>(x)\n"
        ' i = Reshape(a, s)\n y = ScatterElements<axis=1,reduction="add">(x, i, v) }',
        {"s": np.array([1, 2]), "v": weights(1, 2)},
    ),
    (
        "ScatterND",
        f"g ({FLAT} x, float[1,6] u) => ({FLAT} y) {{ y = ScatterND(x, i, u) }}",
        {"i": np.array([[-1]])},
    ),
    (
        "ScatterND",
        f"g ({FLAT} x, float[3] u) => ({FLAT} y) {{"
        ' y = ScatterND<reduction="mul">(x, i, u) }',
        {"i": np.array([[0, 1], [1, 5], [0, 1]])},
    ),
    (
        "ScatterND",
        "g (float[4,3] x, float[1,3] u) => (float[4,3] y) { a = ArgMax<axis=0,keepdims=0>(x)\n"
        " i = Slice(a, b, e)\n j = Reshape(i, s)\n y = ScatterND(x, j, u) }",
        {"b": np.array([1]), "e": np.array([2]), "s": np.array([1, 1])},
    ),
    *(
        (
            "ScatterElements",  # whose places are computed, and named more than once
            f"g ({FLAT} x, float[2,4] u) => ({FLAT} y) {{ i = ArgMax<axis=1>(x)\n"
            f" j = Concat<axis=1>(i, i, c)\n y = ScatterElements<axis=1{how}>(x, j, u) }}",
            {"c": np.array([[3, -1], [0, 0]])},
        )
        for how in ("", *(f',reduction="{name}"' for name in ("max", "min", "mul")))
    ),
    *(
        (
            "ScatterND",  # at so many places that updates are sorted, several to a row
            "g (float[2400,2] x, float[600,2] u, float[600] i) => (float[2400,2] y) {\n"
            " p = Mul(i, many)\n q = Clip(p, low, high)\n k = Cast<to=7>(q)\n"
            f" j = Reshape(k, s)\n y = ScatterND{how}(x, j, u) }}",
            {
                "many": np.float32(300), "s": np.array([600, 1]),
                "low": np.float32(-9), "high": np.float32(2000),
            },
        )
        for how in ("", *(f'<reduction="{name}">' for name in ("max", "min")))
    ),
    ("Trilu", "g (float[2,3,4] x) => (float[2,3,4] y) { y = Trilu(x, k) }", {"k": np.array(1)}),
    (
        "GridSample",
        f"g ({MAP} x, float[1,3,4,2] p) => (float[1,4,3,4] y) {{"
        ' y = GridSample<padding_mode="reflection">(x, p) }',
        {},
    ),
    (
        "GridSample",
        f"g ({MAP} x, float[1,3,4,2] p) => (float[1,4,3,4] y) {{"
        ' y = GridSample<mode="nearest",padding_mode="border",align_corners=1>(x, p) }',
        {},
    ),
    (
        "GridSample",
        f"g ({MAP} x) => (float[1,4,3,4] y) {{ y = GridSample<align_corners=1>(x, p) }}",
        {"p": weights(1, 3, 4, 2, seed=3)},
    ),
    *(
        (
            "GridSample",
            f"g ({MAP} x, float[1,3,4,2] p) => (float[1,4,3,4] y) {{"
            f' y = GridSample<mode="bicubic",{how}>(x, p) }}',
            {},
        )
        for how in (
            "align_corners=0",
            'padding_mode="border",align_corners=1',
            'padding_mode="reflection"',
        )
    ),
    (
        "GridSample",  # whose places lie in the middle between two pixels
        f"g ({MAP} x) => (float[1,4,3,4] y) {{"
        ' y = GridSample<mode="nearest",padding_mode="reflection">(x, p) }',
        {"p": (np.arange(24) % 7 - 3).reshape(1, 3, 4, 2).astype(np.float32)},
    ),
    (
        "DeformConv",
        _DEFORMED + "g (float[1,4,5,6] x, float[1,36,5,6] o, float[1,18,5,6] m) =>"
        " (float[1,6,5,6] y) {"
        " y = DeformConv<kernel_shape=[3,3],pads=[1,1,1,1],group=2,offset_group=2>(x,w,o,b,m) }",
        {"w": weights(6, 2, 3, 3), "b": weights(6)},
    ),
    (
        "DeformConv",
        _DEFORMED + "g (float[2,4,5,6] x, float[2,8,3,2] o) => (float[2,3,3,2] y) {"
        " y = DeformConv<kernel_shape=[2,2],dilations=[1,2],strides=[2,2],pads=[1,0,1,0]>(x,w,o) }",
        {"w": weights(3, 4, 2, 2)},
    ),
    (
        "MaxUnpool",
        "g (float[1,3,4,6] x) => (float[1,3,4,6] y) {"
        " a, i = MaxPool<kernel_shape=[2,2],strides=[2,2]>(x)\n"
        " y = MaxUnpool<kernel_shape=[2,2],strides=[2,2]>(a, i) }",
        {},
    ),
    *(
        (
            "RoiAlign",
            "g (float[2,3,8,9] x, float[4,4] r) => (float[4,3,3,2] y) {"
            f" y = RoiAlign<output_height=3,output_width=2,{how}>(x, r, i) }}",
            {"i": np.array([0, 1, 1, 0])},
        )
        for how in (
            "sampling_ratio=2,spatial_scale=0.5",
            'sampling_ratio=1,coordinate_transformation_mode="output_half_pixel"',
        )
    ),
]  # fmt: skip
