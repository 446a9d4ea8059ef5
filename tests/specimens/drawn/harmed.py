"""A small separable network, sound and with ranges that harm it, and how well int8 does on it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import onnx_ir as ir

from edgekit.quantize import recipe
from tests.specimens import integers
from tests.specimens.graphs import weights

NET = """net (float[1,4,8,8] x) => (float[1,10] y) {
  a = Conv<pads=[1,1,1,1]>(x, w1, b1)
  r = Relu(a)
  b = Conv<group=8, pads=[1,1,1,1]>(r, w2, b2)
  s = Relu(b)
  c = Conv(s, w3, b3)
  d = Relu(c)
  p = GlobalAveragePool(d)
  f = Flatten(p)
  y = Gemm<transB=1>(f, w4, b4) }"""


def net(factors: np.ndarray | None = None) -> ir.Model:
    """A small separable network; the channels between its first layers may be rescaled."""
    constants = {
        "w1": weights(8, 4, 3, 3) / 6,
        "w2": weights(8, 1, 3, 3, seed=2) / 3,
        "w3": weights(12, 8, 1, 1, seed=4) / 3,
        "w4": weights(10, 12, seed=6) / 3,
        "b1": weights(8, seed=1) / 10,
        "b2": weights(8, seed=3) / 10,
        "b3": weights(12, seed=5) / 10,
        "b4": weights(10, seed=7) / 10,
    }
    if factors is not None:
        scaled = factors.astype(np.float32)
        constants["w1"] = constants["w1"] * scaled[:, None, None, None]
        constants["b1"] = constants["b1"] * scaled
        constants["w2"] = constants["w2"] / scaled[:, None, None, None]
    return integers.network(NET, **constants)


SOUND, HARMED = net(), net(np.geomspace(1, 1000, 8))
FEEDS = integers.noise(SOUND, 8)
OTHERS = integers.noise(SOUND, 8, seed=5)


def quality(graph: ir.Model, text: str, **how: Any) -> float:
    """SQNR in decibels on inputs that were not calibrated with."""
    wanted = dataclasses.replace(recipe.parse(text), **how)
    return integers.quality_db(integers.drafted(graph, FEEDS, wanted), OTHERS)
