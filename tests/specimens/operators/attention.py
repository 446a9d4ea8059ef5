"""Attention: heads apart and side by side, shared keys, masks and a past."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import Form

_HEADER = '<ir_version: 11, opset_import: ["" : 23]>\n'

FORMS: list[Form] = [
    (
        "Attention",
        f"{_HEADER} g (float[2,3,8] x, float[2,5,8] k, float[2,5,4] v) => (float[2,3,4] y)"
        " { y = Attention<q_num_heads=2,kv_num_heads=2,is_causal=1>(x, k, v) }",
        {},
    ),
    (
        "Attention",
        f"{_HEADER} g (float[1,4,3,8] x, float[1,2,3,8] k, float[1,2,3,6] v) =>"
        " (float[1,4,3,6] y) { y = Attention<scale=0.3,softcap=2.0>(x, k, v, m) }",
        {"m": weights(3, 3)},
    ),
    (
        "Attention",
        f"{_HEADER} g (float[1,2,3,8] x, float[1,2,3,8] k, float[1,2,3,8] v,"
        " float[1,2,4,8] p, float[1,2,4,8] q, float[3,7] a) =>"
        " (float[1,2,3,8] y, float[1,2,7,8] r, float[1,2,7,8] s)"
        " { m = Greater(a, c)\n y, r, s = Attention<is_causal=1>(x, k, v, m, p, q) }",
        {"c": np.float32(-2)},
    ),
]  # fmt: skip
