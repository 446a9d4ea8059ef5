"""Specimens of the rules about activations and powers."""

from __future__ import annotations

import numpy as np

from tests.specimens.graphs import weights
from tests.specimens.rules.specimen import Specimen

ACTIVATIONS = {
    "hard_sigmoid_as_relu6": Specimen(
        """g (float[1,8,3,3] x) => (float[1,8,3,3] y) {
             y = HardSigmoid<alpha=0.2, beta=0.5>(x) }""",
        lambda ops: ops == {"MUL": 2, "ADD": 1},
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
    "hard_swish_as_gate": Specimen(
        "g (float[1,4,2,3] x) => (float[1,4,2,3] y) { y = HardSwish(x) }",
        lambda ops: ops == {"Add": 1, "Clip": 1, "Mul": 2},
    ),
    "max_as_relu": Specimen(
        """g (float[1,4,2,3] x) => (float[1,4,2,3] y) { a = Sigmoid(x)
             y = Max(x, a) }""",
        lambda ops: ops["Sub"] == ops["Add"] == 1,
    ),
}
