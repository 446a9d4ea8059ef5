"""Operators that move, repeat, pad and pick values."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import FLAT, MAP, Form

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
        "g (float[4,6] x) => (float[2,3,6] y) { y = MatMul(w, x) }",
        {"w": weights(2, 3, 4)},
    ),
    (
        "Gemm",
        "g (float[6,2] x, float[4,6] z, float[4] b) => (float[2,4] y) {\n"
        " y = Gemm<transA=1,transB=1,alpha=0.5,beta=2.0>(x, z, b) }",
        {},
    ),
]  # fmt: skip
