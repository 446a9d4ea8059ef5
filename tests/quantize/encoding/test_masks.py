"""Networks that hold infinity on purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import quantize
from tests.specimens import graphs
from tests.specimens.graphs import weights

_INFINITE = np.array(-np.inf, np.float32)
_MAPS = {"w": weights(8, 8, 3, 3) / 5, "u": weights(8, 8, 1, 1, seed=4), "inf": _INFINITE}
MASKED = {
    "causal attention": (
        "g (float[1,6,8] x) => (float[1,6,8] y) { q = MatMul(x, wq)\n k = MatMul(x, wk)\n"
        " v = MatMul(x, wv)\n t = Transpose<perm=[0,2,1]>(k)\n s = MatMul(q, t)\n a = Add(s, m)\n"
        " p = Softmax(a)\n o = MatMul(p, v)\n r = MatMul(o, wo)\n u = Relu(r)\n"
        " y = MatMul(u, wz) }",
        {
            "m": np.triu(np.full((6, 6), -np.inf, np.float32), 1),
            **{f"w{name}": weights(8, 8, seed=ord(name)) / 2 for name in "qkvoz"},
        },
    ),
    "masked pool": (
        "g (float[1,8,6,6] x) => (float[1,8,3,3] y) { c = Conv<pads=[1,1,1,1]>(x, w)\n"
        " f = Where(b, c, inf)\n r = MaxPool<kernel_shape=[2,2],strides=[2,2]>(f)\n"
        " y = Conv(r, u) }",
        {"b": np.arange(36).reshape(1, 1, 6, 6) % 2 == 0, **_MAPS},
    ),
    "padded pool": (
        "g (float[1,8,6,6] x) => (float[1,8,7,7] y) { c = Conv<pads=[1,1,1,1]>(x, w)\n"
        " p = Pad(c, pads, inf)\n r = MaxPool<kernel_shape=[2,2]>(p)\n y = Conv(r, u) }",
        {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1]), **_MAPS},
    ),
    "one-sided clip": (
        "g (float[1,8,6,6] x) => (float[1,8,6,6] y) { c = Conv<pads=[1,1,1,1]>(x, w)\n"
        " f = Clip(c, inf, one)\n y = Conv(f, u) }",
        {"one": np.array(1, np.float32), **_MAPS},
    ),
    "masked output": (
        "g (float[1,8,6,6] x) => (float[1,8,6,6] y) { c = Conv<pads=[1,1,1,1]>(x, w)\n"
        " r = Relu(c)\n d = Conv(r, u)\n y = Where(b, d, inf) }",
        {"b": np.arange(36).reshape(1, 1, 6, 6) % 2 == 0, **_MAPS},
    ),
}


@pytest.mark.parametrize("name", MASKED)
def test_masks_stay_float32_and_the_rest_becomes_integer(name: str, tmp_path: Path) -> None:
    text, constants = MASKED[name]
    path = tmp_path / "net.onnx"
    onnx.save(graphs.proto(text, **constants), path)
    request = quantize.QuantizeRequest(str(path), recipe="minmax+equalize", folder=tmp_path)
    for artifact in quantize.run(request).artifacts:
        assert artifact.verified == "passed"
        assert all(output.sqnr_db > 25 for output in artifact.fidelity)
        integers = [name for name in artifact.operators if name.startswith(("Quant", "QUANT"))]
        assert integers
