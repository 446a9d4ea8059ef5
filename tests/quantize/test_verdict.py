"""An integer file that is too far from the float network fails, wherever it went wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit.cli import run
from edgekit.export.graph import operators
from edgekit.quantize.encoding import affine_choice
from tests.specimens import graphs
from tests.specimens.graphs import weights

TEXT = (
    "g (float[1,4,6,6] x) => (float[1,8,6,6] y, float[1,4,6,6] z) {"
    "a = Conv(x, w)\n s = Sigmoid(a)\n y = Concat<axis=1>(x, s)\n r = Relu(a)\n"
    "p = Pad(r, around, below)\n q = Relu(p)\n z = Conv(q, v) }"
)
CONSTANTS = {
    "w": weights(4, 4, 1, 1),
    "v": weights(4, 4, 3, 3, seed=1),
    "around": np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    "below": np.float32(0),
}


@pytest.fixture
def network(tmp_path: Path) -> Path:
    path = tmp_path / "net.onnx"
    onnx.save(graphs.proto(TEXT, **CONSTANTS), path)
    return path


def quantize(network: Path, *more: str) -> int:
    return run(["quantize", str(network), "--recipe", "minmax", "-o", str(network.parent), *more])


def _shrunk_scales(change: pytest.MonkeyPatch) -> None:
    """Every range ends at a fifth of what was seen."""
    whole = affine_choice.activations

    def clipped(*args: object) -> object:
        found = whole(*args)  # type: ignore[arg-type]
        free = {n: a for n, a in found.items() if a.scale != 1 / 256}  # others are prescribed
        return {**found, **{n: replace(a, scale=a.scale / 5) for n, a in free.items()}}

    change.setattr(affine_choice, "activations", clipped)


def _sign_lost(change: pytest.MonkeyPatch) -> None:
    """Every convolution counts as non-negative, so the Relu after it is dropped."""
    wrong = replace(operators.TRAITS["Conv"], non_negative=True)
    change.setitem(operators.TRAITS, "Conv", wrong)


@pytest.mark.parametrize(
    ("fault", "where"),
    [(_shrunk_scales, "first value to go wrong is 'x'"), (_sign_lost, "change the value 'p'")],
)
def test_a_fault_that_the_simulation_shares_fails_the_files(
    fault: Callable[[pytest.MonkeyPatch], None],
    where: str,
    network: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault(monkeypatch)
    assert quantize(network) == 1
    said = capsys.readouterr().err
    assert "too far from the float32 network" in said
    assert where in said
    assert "--allow-drift" in said
    written = {path.name for path in network.parent.iterdir()}
    assert {"net_int8.failed.onnx", "net_int8.failed.tflite"} <= written
    assert "net_int8.onnx" not in written


def test_a_drift_that_is_allowed_passes(
    network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _shrunk_scales(monkeypatch)
    assert quantize(network, "--allow-drift", "-10") == 0, capsys.readouterr().err


def test_the_sidecar_says_how_far_each_output_is(network: Path) -> None:
    assert quantize(network) == 0
    for name in ("net_int8.onnx", "net_int8.tflite"):
        found = json.loads((network.parent / f"{name}.json").read_text())
        outputs = {each["output"]: each for each in found["fidelity"]}
        assert set(outputs) == {"y", "z"}
        assert all(each["sqnr_db"] > 30 and each["least_db"] == 15 for each in outputs.values())
        kernels = [each["kernels"] for each in found["other_kernels"]]
        assert kernels == (["built-in", "reference"] if name.endswith("tflite") else [])


def test_a_file_that_xnnpack_alone_can_run_fails(
    network: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """LiteRT's own kernels take a LOGISTIC with a scale of 1/256 only."""
    free = replace(operators.TRAITS["Sigmoid"], prescribed=None)
    monkeypatch.setitem(operators.TRAITS, "Sigmoid", free)
    assert quantize(network) == 1
    said = capsys.readouterr().err
    assert "runs with XNNPACK alone: the built-in kernels say" in said


def test_a_network_that_rounding_ruins_is_held_to_what_rounding_leaves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The difference of two nearly equal values: 8 bits leave little of it, whoever rounds."""
    text = (
        "g (float[1,4,6,6] x) => (float[1,4,6,6] y) {"
        "a = Conv(x, w)\n b = Conv(x, v)\n y = Sub(a, b) }"
    )
    w = weights(4, 4, 1, 1)
    model = graphs.proto(text, w=w, v=w + np.float32(2e-3) * weights(4, 4, 1, 1, seed=1))
    onnx.save(model, tmp_path / "net.onnx")
    assert quantize(tmp_path / "net.onnx") == 0
    (found,) = json.loads((tmp_path / "net_int8.onnx.json").read_text())["fidelity"]
    assert found["least_db"] < found["sqnr_db"] < 15
    assert f"output 'y' is {found['sqnr_db']:.1f} dB from" in capsys.readouterr().err
    knowingly = f"{found['sqnr_db'] - 1:.0f}"
    assert quantize(tmp_path / "net.onnx", "--allow-drift", knowingly, "--force") == 0
    assert "warning: output" not in capsys.readouterr().err


def test_a_flat_softmax_of_many_classes_is_written(tmp_path: Path) -> None:
    """LiteRT's reference kernel ends the process on it; no phone runs that one."""
    text = """g (float[2,16] x) => (float[2,1000] y) {
        a = MatMul(x, w)\n b = Mul(a, unlike)\n y = Softmax(b) }"""
    unlike = np.array([[0.01], [4]], np.float32)  # a flat one beside a steep one
    onnx.save(graphs.proto(text, w=weights(16, 1000), unlike=unlike), tmp_path / "net.onnx")
    assert quantize(tmp_path / "net.onnx", "--format", "tflite", "--allow-drift", "-1") == 0
    found = json.loads((tmp_path / "net_int8.tflite.json").read_text())["other_kernels"]
    assert [each["kernels"] for each in found] == ["built-in"]


def test_an_operator_that_the_reference_kernels_lack_is_no_fault(tmp_path: Path) -> None:
    text = "g (float[1,16] x) => (float[1,8] y) { a = MatMul(x, w)\n y = Elu(a) }"
    onnx.save(graphs.proto(text, w=weights(16, 8)), tmp_path / "net.onnx")
    assert quantize(tmp_path / "net.onnx", "--format", "tflite") == 0
    found = json.loads((tmp_path / "net_int8.tflite.json").read_text())["other_kernels"]
    assert [each["kernels"] for each in found] == ["built-in"]
