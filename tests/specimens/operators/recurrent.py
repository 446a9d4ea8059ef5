"""Recurrent operators: directions, states, lengths, activations and layouts."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.operators.form import Form

SEQUENCE = "float[5,2,3]"


def _of(gates: int, directions: int = 1, hidden: int = 4) -> dict[str, np.ndarray]:
    """Return weights of a recurrent node of three inputs."""
    return {
        "w": weights(directions, gates * hidden, 3),
        "r": weights(directions, gates * hidden, hidden, seed=1),
        "b": weights(directions, 2 * gates * hidden, seed=2),
    }


FORMS: list[Form] = [
    (
        "LSTM",
        f"g ({SEQUENCE} x) => (float[5,1,2,4] y, float[1,2,4] h, float[1,2,4] c) {{"
        " y, h, c = LSTM<hidden_size=4>(x, w, r, b) }",
        _of(4),
    ),
    (
        "LSTM",
        f"g ({SEQUENCE} x, float[2,2,4] i, float[2,2,4] j) =>"
        " (float[5,2,2,4] y, float[2,2,4] h, float[2,2,4] c) {"
        ' y, h, c = LSTM<hidden_size=4,direction="bidirectional">(x, w, r, b, , i, j) }',
        _of(4, 2),
    ),
    (
        "LSTM",
        f"g ({SEQUENCE} x, float[1,2,4] i, float[1,2,4] j) =>"
        " (float[5,1,2,4] y, float[1,2,4] h, float[1,2,4] c) {"
        ' y, h, c = LSTM<hidden_size=4,direction="reverse",clip=0.4>(x, w, r, b, n, i, j, p) }',
        {**_of(4), "n": np.array([3, 5], np.int32), "p": weights(1, 12, seed=3)},
    ),
    (
        "LSTM",
        f"g ({SEQUENCE} x) => (float[1,2,4] h) {{"
        " y, h = LSTM<hidden_size=4,input_forget=1>(x, w, r, b) }",
        _of(4),
    ),
    (
        "LSTM",
        "g (float[5,1,3] x) => (float[5,1,8] y) {"
        ' a = LSTM<hidden_size=4,direction="bidirectional">(x, w, r, b)\n'
        " t = Transpose<perm=[0,2,1,3]>(a)\n y = Reshape(t, s) }",
        {**_of(4, 2), "s": np.array([0, 0, -1])},
    ),
    (
        "GRU",
        f"g ({SEQUENCE} x) => (float[5,2,2,4] y, float[2,2,4] h) {{"
        ' y, h = GRU<hidden_size=4,direction="bidirectional">(x, w, r, b) }',
        _of(3, 2),
    ),
    (
        "GRU",
        f"g ({SEQUENCE} x, float[1,2,4] i) => (float[5,1,2,4] y, float[1,2,4] h) {{"
        " y, h = GRU<hidden_size=4,linear_before_reset=1>(x, w, r, b, n, i) }",
        {**_of(3), "n": np.array([5, 2], np.int32)},
    ),
    (
        "GRU",
        f"g ({SEQUENCE} x, float[2] m) => (float[5,2,2,4] y, float[2,2,4] h) {{"
        " s = Sigmoid(m)\n f = Mul(s, most)\n n = Cast<to=6>(f)\n"
        ' y, h = GRU<hidden_size=4,direction="bidirectional">(x, w, r, b, n) }',
        {**_of(3, 2), "most": np.float32(5.9)},
    ),
    (
        "GRU",
        f"g ({SEQUENCE} x, float[1,12,3] w) => (float[5,1,2,4] y, float[1,2,4] h) {{"
        ' y, h = GRU<hidden_size=4,linear_before_reset=1,direction="reverse">(x, w, r, b) }',
        {name: array for name, array in _of(3).items() if name != "w"},
    ),
    (
        "RNN",
        f"g ({SEQUENCE} x) => (float[5,2,2,4] y, float[2,2,4] h) {{"
        ' y, h = RNN<hidden_size=4,direction="bidirectional",'
        'activations=["LeakyRelu","HardSigmoid"],activation_alpha=[0.3,0.25],'
        "activation_beta=[0.4]>(x, w, r) }",
        {name: array for name, array in _of(1, 2).items() if name != "b"},
    ),
]  # fmt: skip
