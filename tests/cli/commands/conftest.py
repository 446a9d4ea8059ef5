"""A small file for the commands that take one."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from tests.specimens import graphs
from tests.specimens.graphs import weights


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A user's own .onnx with one convolution, and the .tflite made of it."""
    model = graphs.proto(
        "g (float[1,3,8,8] x) => (float[1,4,8,8] y) { a = Conv(x, w)\n y = Relu(a) }",
        w=weights(4, 3, 1, 1),
    )
    onnx.save(model, tmp_path / "tiny.onnx")
    (tmp_path / "tiny.tflite").write_bytes(graphs.to_tflite(model))
    return tmp_path / "tiny.onnx"
