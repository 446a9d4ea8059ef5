"""Where a Transpose moves at once, and where it is left to its readers: counted, and right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgekit import runtimes
from tests.specimens import graphs
from tests.specimens.graphs import weights

QUERIES_KEYS_VALUES = """g (float[2,6,24] x) => (float[2,6,8] y)
  <int64[5] heads = {2, 6, 3, 2, 4}, int64[1] first = {0}, int64[3] joined = {2, 6, 8}> {
  r = Reshape(x, heads)
  t = Transpose<perm=[2,0,3,1,4]>(r)
  a, b, c = Split<axis=0, num_outputs=3>(t)
  q = Squeeze(a, first)
  k = Squeeze(b, first)
  v = Squeeze(c, first)
  kt = Transpose<perm=[0,1,3,2]>(k)
  s = MatMul(q, kt)
  p = Softmax<axis=-1>(s)
  o = MatMul(p, v)
  back = Transpose<perm=[0,2,1,3]>(o)
  y = Reshape(back, joined) }"""

RESIDUAL_STREAM = """g (float[4,5,6] x) => (float[6,5,4] y) {
  t = Transpose<perm=[2,1,0]>(x)
  a = MatMul(t, w)
  b = Add(t, a)
  c = MatMul(b, u)
  y = Add(b, c) }"""

TURNED_BACK = """g (float[4,5,6] x) => (float[4,5,6] y) {
  t = Transpose<perm=[2,1,0]>(x)
  a = Relu(t)
  y = Transpose<perm=[2,1,0]>(a) }"""

READ_ONCE = """g (float[2,6,2,4] x, float[2,2,4,6] k) => (float[2,2,6,6] y) {
  t = Transpose<perm=[0,2,1,3]>(x)
  y = MatMul(t, k) }"""

MATRICES = {"w": weights(4, 4), "u": weights(4, 4, seed=1)}
CASES = {
    "queries, keys and values": (QUERIES_KEYS_VALUES, {}, 2),
    "a residual stream": (RESIDUAL_STREAM, MATRICES, 1),
    "turned back": (TURNED_BACK, {}, 0),
    "read once": (READ_ONCE, {}, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_transposes_are_as_few_as_can_be(name: str, tmp_path: Path) -> None:
    text, constants, most = CASES[name]
    model = graphs.proto(text, **constants)
    file = graphs.to_tflite(model)
    path = tmp_path / "model.tflite"
    path.write_bytes(file)
    operators = Counter(runtimes.load("tflite", path).info().operators)
    inputs = graphs.feeds(model)
    expected = graphs.run_onnx(model.SerializeToString(), inputs, tmp_path)["y"]
    answer = graphs.run_tflite(file, inputs, tmp_path)["y"]
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)
    assert operators["TRANSPOSE"] == most
