"""Transforms of signals: whole, cut and padded, of real and complex numbers."""

from __future__ import annotations

import numpy as np

from tests.specimens.operators.form import Form

_HEADER = '<ir_version: 9, opset_import: ["" : 20]>\n'

FORMS: list[Form] = [
    ("DFT", f"{_HEADER} g (float[2,8,1] x) => (float[2,8,2] y) {{ y = DFT(x) }}", {}),
    (
        "DFT",
        f"{_HEADER} g (float[2,9,1] x) => (float[2,5,2] y) {{ y = DFT<onesided=1>(x) }}",
        {},
    ),
    (
        "DFT",
        f"{_HEADER} g (float[2,7,3,2] x) => (float[2,8,3,2] y) {{ y = DFT(x, n, a) }}",
        {"n": np.array(8), "a": np.array(1)},
    ),
    (
        "DFT",
        f"{_HEADER} g (float[2,7,3,2] x) => (float[2,7,3,2] y) {{ y = DFT<inverse=1>(x, n, a) }}",
        {"n": np.array(7), "a": np.array(-3)},
    ),
    (
        "STFT",
        "g (float[2,30] x) => (float[2,4,9,2] y) { l = Unsqueeze(x, a)\n"
        " y = STFT<onesided=1>(l, s, w) }",
        {"a": np.array([2]), "s": np.array(4), "w": np.hanning(16).astype(np.float32)},
    ),
    (
        "STFT",
        "g (float[1,30,1] x) => (float[1,3,10,2] y) { y = STFT<onesided=0>(x, s, w, n) }",
        {"s": np.array(9), "n": np.array(10), "w": np.ones(10, np.float32)},
    ),
]
