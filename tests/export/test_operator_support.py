"""The list of operators says what the writers do."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import export
from edgekit.cli import run
from edgekit.export import ExportRequest
from edgekit.export.tflite import operator_support
from edgekit.export.tflite.operator_support import FOLDED, LAID_OUT, REWRITTEN, STORED
from tests.specimens import graphs
from tests.specimens.operators import FORMS
from tests.specimens.rules import read_away

AXES = {"a": np.array([1])}
FORMS_REWRITTEN = {
    "AffineGrid": (
        '<ir_version: 10, opset_import: ["" : 20]> g (float[1,2,3] x) => (float[1,4,5,2] y) '
        "{ y = AffineGrid(x, size) }",
        {"size": np.array([1, 1, 4, 5])},
    ),
    "CenterCropPad": (
        "(float[5,8] x) => (float[8,5] y) { y = CenterCropPad(x, size) }",
        {"size": np.array([8, 5])},
    ),
    "Col2Im": (
        "(float[1,4,6] x) => (float[1,1,3,4] y) { y = Col2Im(x, image, block) }",
        {"image": np.array([3, 4]), "block": np.array([2, 2])},
    ),
    "Dropout": ("(float[2,3] x) => (float[2,3] y) { y = Dropout(x) }", {}),
    "Einsum": (
        '(float[2,3] x, float[3,4] z) => (float[2,4] y) { y = Einsum<equation="ij,jk->ik">(x, z) }',
        {},
    ),
    "Flatten": ("(float[2,3,4] x) => (float[2,12] y) { y = Flatten(x) }", {}),
    "GlobalLpPool": ("(float[1,2,3,3] x) => (float[1,2,1,1] y) { y = GlobalLpPool(x) }", {}),
    "GlobalMaxPool": ("(float[1,2,3,3] x) => (float[1,2,1,1] y) { y = GlobalMaxPool(x) }", {}),
    "LRN": ("(float[1,4,3,3] x) => (float[1,4,3,3] y) { y = LRN<size=3>(x) }", {}),
    "LpPool": (
        "(float[1,2,4,4] x) => (float[1,2,3,3] y) { y = LpPool<kernel_shape=[2,2]>(x) }",
        {},
    ),
    "Mean": ("(float[2,3] x, float[3] z) => (float[2,3] y) { y = Mean(x, z) }", {}),
    "NegativeLogLikelihoodLoss": (
        "(float[3,4,2] x) => (float y) { s = LogSoftmax<axis=1>(x)\n"
        " y = NegativeLogLikelihoodLoss<ignore_index=1>(s, t, w) }",
        {"t": np.array([[0, 1], [3, 2], [1, 1]]), "w": np.float32([1, 2, 0.5, 3])},
    ),
    "SoftmaxCrossEntropyLoss": (
        "(float[3,4] x) => (float[3] y, float[3,4] z) {"
        ' y, z = SoftmaxCrossEntropyLoss<reduction="none">(x, t) }',
        {"t": np.array([0, 3, 1])},
    ),
    "Squeeze": ("(float[2,1,3] x) => (float[2,3] y) { y = Squeeze(x, a) }", AXES),
    "Sum": ("(float[2,3] x, float[3] z) => (float[2,3] y) { y = Sum(x, z, x) }", {}),
    "TensorScatter": (
        '<ir_version: 11, opset_import: ["" : 24]> g (float[2,4,3] x, float[2,2,3] z) => '
        '(float[2,4,3] y) { y = TensorScatter<mode="circular">(x, z, i) }',
        {"i": np.array([3, 0])},
    ),
    "Unsqueeze": ("(float[2,3] x) => (float[2,1,3] y) { y = Unsqueeze(x, a) }", AXES),
}


def test_supported_is_what_has_a_specimen() -> None:
    supported = {row.operator for row in operator_support.of_standard() if row.supported}
    written = {operator for operator, _, _ in FORMS} | set(REWRITTEN)
    assert supported == written | {*FOLDED, *LAID_OUT, *STORED}
    assert written.isdisjoint({*FOLDED, *LAID_OUT, *STORED})
    assert set(read_away.FOLDED) == set(FOLDED)
    assert set(read_away.LAID_OUT) == set(LAID_OUT)
    assert set(read_away.STORED) == set(STORED)


@pytest.mark.parametrize("operator", [*FOLDED, *LAID_OUT, *STORED])
def test_what_is_gone_once_a_file_is_read_is_taken(operator: str, tmp_path: Path) -> None:
    text, constants = {**read_away.FOLDED, **read_away.LAID_OUT, **read_away.STORED}[operator]
    model = graphs.proto(text, **constants)
    assert operator in {node.op_type for node in model.graph.node}
    onnx.save(model, tmp_path / "net.onnx")
    precision = "int8" if operator in STORED else "float32"
    request = ExportRequest(
        str(tmp_path / "net.onnx"), tmp_path, formats=("tflite",), precisions=(precision,)
    )
    (artifact,) = export.run(request).artifacts
    assert artifact.verified == "passed"


@pytest.mark.parametrize("operator", REWRITTEN)
def test_what_is_rewritten_is_written(operator: str) -> None:
    text, constants = FORMS_REWRITTEN[operator]
    model = graphs.proto(text if text.startswith("<") else f"g {text}", **constants)
    assert operator in {node.op_type for node in model.graph.node}
    assert graphs.to_tflite(model)


def test_what_a_row_says() -> None:
    (conv,) = operator_support.of_standard("Conv")
    assert (conv.supported, conv.integer, conv.rewritten) == (True, True, False)
    assert conv.delegated in ("yes", "in part")
    (gathered,) = operator_support.of_standard("GatherND")
    assert any("batch dimensions" in limit for limit in gathered.limits)
    (absent,) = operator_support.of_standard("MaxRoiPool")
    assert (absent.delegated, absent.limits) == ("", ())


def test_the_command_prints_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["operators", "conv*"]) == 0
    assert "ConvTranspose" in capsys.readouterr().out
    assert run(["operators", "MaxRoiPool", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["operators"]
    assert (row["operator"], row["supported"], row["how"]) == ("MaxRoiPool", False, "no")
    assert run(["operators", "Conf"]) == 2
    assert "did you mean" in capsys.readouterr().err
