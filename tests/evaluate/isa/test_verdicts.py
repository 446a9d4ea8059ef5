"""Steps of outputs, and what is the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from edgekit.errors import (
    CheckFailedError,
)
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.verification import isa_check, quantized_step
from edgekit.evaluate.verification.isa_check import IsaReport
from edgekit.processes import child
from edgekit.runtimes import ModelInfo, TensorInfo
from tests.evaluate.isa.made import integer_operators
from tests.specimens.drawn import qdq
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite


def test_steps_of_outputs(tmp_path: Path) -> None:
    def found(path: Path) -> dict[str, float]:
        return quantized_step.of_outputs(path, child.describe(path))

    chained = qdq.chain(tmp_path / "q.onnx", {"a": 50})
    assert found(chained) == {"y": pytest.approx(qdq.INPUT_SCALE * qdq.gain(50))}
    assert found(tiny_onnx(tmp_path / "float.onnx")) == {}
    assert found(integer_operators(tmp_path / "i.onnx")) == {"y": 1.0}
    assert found(qdq.tflite_conv(tmp_path / "i.tflite")) == {"y": 1.0}
    real = qdq.tflite_conv(tmp_path / "r.tflite", float_output=True)
    assert found(real) == {"real": pytest.approx(0.25)}
    assert found(tiny_tflite(tmp_path / "t.tflite", [OPS.RELU])) == {}


def test_a_reshape_keeps_the_step(tmp_path: Path) -> None:
    make = helper.make_node
    nodes = [
        make("QuantizeLinear", ["x", "s"], ["q"]),
        make("DequantizeLinear", ["q", "s"], ["d"]),
        make("Flatten", ["d"], ["y"]),
    ]
    path = tmp_path / "f.onnx"
    qdq.save(path, nodes, {"s": np.float32(0.5)}, {"x": ("float32", (1, 2, 2))}, ["y"])
    assert quantized_step.of_outputs(path, child.describe(path)) == {"y": 0.5}


@pytest.mark.parametrize(
    ("largest_steps", "max_rel_error", "same"),
    [
        (0.0, 0.0, True),
        (0.01, 0.5, True),
        (1.0, 1e-9, False),
        (None, 5e-4, True),
        (None, 4e-3, False),
    ],
)
def test_verdicts(largest_steps: float | None, max_rel_error: float, same: bool) -> None:
    distance = Distance(1.0, 1e-9, max_rel_error)
    assert IsaReport("f", "avx2", 1, False, largest_steps, distance, None).same is same
    assert IsaReport("f", "avx2", 1, True, largest_steps, distance, None).same


def test_nan_is_refused(tmp_path: Path) -> None:
    info = child.describe(tiny_onnx(tmp_path / "t.onnx"))
    feeds = [{"x": np.full((1, 3, 8, 8), np.nan, np.float32)}]
    with pytest.raises(CheckFailedError, match="NaN or infinity under native"):
        isa_check.check(str(tmp_path / "t.onnx"), info, feeds, [])


def test_top1_is_compared_where_there_are_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensor = TensorInfo("y", (1, 3), "int8", 0.5, 0)
    info = ModelInfo("tflite", "v", (), (tensor,), {})
    answers = {
        "native": [[1, 2, 3], [3, 2, 1]],
        "avx2": [[1, 2, 3], [3, 5, 1]],
    }

    def run(*_: object, isa: str, **__: object) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
        return info, [{"y": np.array([row], np.int8)} for row in answers[isa]]

    monkeypatch.setattr(child, "run", run)
    (report,) = isa_check.check(str(tmp_path / "m.tflite"), info, [{}, {}], ["avx2"])
    assert (report.same_top1, report.sets, report.largest_steps) == (1, 2, 3.0)
    assert report.agreement is not None
    assert report.agreement.value == 0.5
    assert not report.same
