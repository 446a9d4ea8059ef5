"""How far a file may be from the simulation of its integers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from edgekit import quantize
from tests.specimens import graphs

_SCORES = """
    g (float[1,8,6,6] x) => (float[1,16] y) {
      c = Conv<pads=[1,1,1,1]>(x, w)
      r = Relu(c)
      p = GlobalAveragePool(r)
      q = Flatten(p)
      h = Gemm(q, v, b)
      k = Mul(h, gain)
      y = Sigmoid(k)
    }
"""


def test_scores_that_flip_on_some_inputs_take_the_typical_ones(tmp_path: Path) -> None:
    """A 3000-fold sigmoid is a step: two of five inputs come out on the other side of it."""
    constants = {
        "w": graphs.weights(8, 8, 3, 3, seed=1),
        "v": graphs.weights(8, 16, seed=2),
        "b": np.random.default_rng(3).normal(0, 0.3, 16).astype(np.float32),
        "gain": np.float32(3000),
    }
    path = tmp_path / "net.onnx"
    onnx.save(graphs.proto(_SCORES, **constants), path)
    found = quantize.run(quantize.QuantizeRequest(str(path), recipe="minmax", folder=tmp_path))
    (tolerance,) = {entry.parity.tolerance for entry in found.artifacts if entry.parity}
    assert 0.12 < tolerance < 0.75
