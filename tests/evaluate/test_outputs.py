"""Networks with any inputs and outputs: samples go in, and outputs are judged as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from edgekit import export, quantize
from edgekit.evaluate import EvaluateRequest, OutputEvaluation, judge
from tests.specimens.commands import Cli
from tests.specimens.drawn import foreign


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network with two inputs, its float and int8 files, and samples in every form."""
    folder = tmp_path_factory.mktemp("two")
    source = foreign.two_inputs(folder / "two.onnx")
    arrays = foreign.samples()
    np.savez(folder / "samples.npz", **arrays)
    (folder / "one_a_file").mkdir()
    (folder / "one_an_input").mkdir()
    for number in range(len(arrays["tokens"])):
        rows = {name: array[number] for name, array in arrays.items()}
        np.savez(folder / "one_a_file" / f"{number:02}.npz", **rows)
    for name, array in arrays.items():
        np.save(folder / "one_an_input" / f"{name}.npy", array)
    export.run(export.ExportRequest(str(source), folder))
    quantize.run(
        quantize.QuantizeRequest(
            str(source), calibration_data=folder / "samples.npz", folder=folder, recipe="minmax"
        )
    )
    return folder


def answers(place: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(place / "two.onnx")
    rows = zip(*foreign.samples().values(), strict=True)
    return np.stack([session.run(None, {"image": i[None], "tokens": t[None]})[0] for i, t in rows])


@pytest.mark.parametrize("data", ["samples.npz", "one_a_file", "one_an_input"])
@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_the_int8_file_is_judged_by_the_runtimes_own_answers(
    data: str, form: str, place: Path, cli: Cli
) -> None:
    file = place / f"two_int8.{form}"
    code, out, err = cli("run", file, place / data, "--raw", "--json")
    assert (code, err) == (0, "")
    found = np.array([each["outputs"][0]["values"] for each in json.loads(out)["images"]])
    exact = answers(place).reshape(found.shape).astype(np.float64)
    wanted = 10 * np.log10((exact**2).sum() / ((found - exact) ** 2).sum())
    result = judge(EvaluateRequest(str(file), place / data, against=str(place / "two.onnx")))
    assert isinstance(result, OutputEvaluation)
    assert (result.source, result.samples) == ("arrays", 12)
    (scores,) = result.outputs
    assert scores.distance.sqnr_db == pytest.approx(wanted, abs=1e-3)
    assert scores.agreement is not None
    same = (found.argmax(axis=1) == exact.argmax(axis=1)).sum()
    assert (scores.agreement.count, scores.agreement.of) == (same, 12)


def test_both_runtimes_give_one_answer(place: Path, cli: Cli) -> None:
    files = place / "two_float32.tflite", place / "two_float32.onnx"
    code, out, _ = cli("verify", *files, "--data", place / "samples.npz", "--min-sqnr", 90)
    assert code == 0
    assert "samples.npz, 12 samples" in out
    code, out, _ = cli("verify", *files, "--samples", 3, "--json")
    found = json.loads(out)
    assert (code, found["comparison"], found["outputs"]["source"]) == (0, None, "random")


def test_a_threshold_that_is_missed_fails(place: Path, cli: Cli) -> None:
    files = place / "two_int8.tflite", place / "two.onnx"
    code, out, _ = cli("verify", *files, "--data", place / "samples.npz", "--min-sqnr", 90)
    assert code == 1
    assert "output 'scores': SQNR of" in out


def test_layers_are_ranked(place: Path, cli: Cli) -> None:
    code, out, _ = cli(
        "sensitivity", place / "two.onnx", "--calibration-data", place / "one_a_file", "--json"
    )
    assert code == 0
    assert {each["operator"] for each in json.loads(out)["layers"]} == {"Conv", "Gemm"}


def test_latency_draws_indices_that_every_table_has(place: Path, cli: Cli) -> None:
    quick = ("--children", 3, "--num-runs", 3, "--min-secs", 0, "--json")
    code, out, _ = cli("latency", place / "two.onnx", place / "two_int8.tflite", *quick)
    assert code == 0
    assert len(json.loads(out)["reports"]) == 2


def _without(name: str) -> dict[str, np.ndarray]:
    return {key: array for key, array in foreign.samples().items() if key != name}


FAULTS = {
    "a name is missing": (_without("tokens"), ("image", "image, tokens", "np.savez(file, image=")),
    "another type": (
        {**foreign.samples(), "tokens": foreign.samples()["tokens"].astype(np.float32)},
        ("tokens", "float32 (12, 6)", "int64 (N, 6)", ".astype('int64')"),
    ),
    "another shape": (
        {**foreign.samples(), "tokens": np.zeros((12, 7), np.int64)},
        ("int64 (12, 7)", "int64 (N, 6)"),
    ),
    "unequal counts": (
        {**foreign.samples(), "tokens": np.zeros((11, 6), np.int64)},
        ("image 12, tokens 11",),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("command", ["run", "evaluate", "quantize"])
def test_samples_that_do_not_fit_are_told_in_a_line(
    command: str, fault: str, place: Path, tmp_path: Path, cli: Cli
) -> None:
    arrays, says = FAULTS[fault]
    np.savez(tmp_path / "bad.npz", **arrays)
    bad, file = tmp_path / "bad.npz", place / "two.onnx"
    arguments = {
        "run": ("run", file, bad),
        "evaluate": ("evaluate", file, "--against", place / "two_int8.onnx", "--data", bad),
        "quantize": ("quantize", file, "--calibration-data", bad, "-o", tmp_path),
    }
    code, _, err = cli(*arguments[command])
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert code == 4
    assert line.endswith("[bad-samples]")
    for part in says:
        assert part in line


def test_numbers_of_another_integer_type_are_taken_if_they_fit(place: Path, tmp_path: Path) -> None:
    arrays = foreign.samples()
    np.savez(tmp_path / "short.npz", **{**arrays, "tokens": arrays["tokens"].astype(np.int16)})
    files = str(place / "two_float32.onnx"), str(place / "two.onnx")
    result = judge(EvaluateRequest(files[0], tmp_path / "short.npz", against=files[1]))
    assert isinstance(result, OutputEvaluation)
    assert result.outputs[0].distance.max_rel_error < 1e-6


def test_other_files_cannot_be_compared(place: Path, tmp_path: Path, cli: Cli) -> None:
    other = foreign.segmenter(tmp_path / "other.onnx")
    code, _, err = cli("verify", place / "two.onnx", other)
    assert code == 2
    assert "x [1, 3, 16, 16] and image [1, 3, 8, 8], tokens [1, 6]" in err


def test_arrays_alone_judge_nothing(place: Path, cli: Cli) -> None:
    code, _, err = cli("evaluate", place / "two.onnx", "--data", place / "samples.npz")
    assert code == 2
    assert "--against" in err


def test_own_code_with_two_inputs_is_measured_and_compared(
    place: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    (tmp_path / "two_of_mine.py").write_text(OWN_CODE)
    monkeypatch.chdir(tmp_path)
    quick = ("--children", 3, "--num-runs", 3, "--min-secs", 0, "--json")
    shapes = ("--input-shape", "image:1,3,8,8", "--input-shape", "features:1,4")
    code, out, err = cli("latency", "two_of_mine:make", "--backend", "tflite", *shapes, *quick)
    assert code == 0, err
    (report,) = json.loads(out)["reports"]
    assert report["model"] == "two_of_mine-make"
    assert len(report["info"]["inputs"]) == 2
    code, out, err = cli("compare", "two_of_mine:make", place / "two.onnx", *shapes, *quick)
    assert code == 0, err
    assert json.loads(out)["subjects"][0]["info"]["runtime"] == "tflite"
    assert cache.is_dir()
    code, _, err = cli("compare", "two_of_mine:make", place / "two.onnx")
    assert code == 2
    assert "--input-shape" in err


OWN_CODE = """
from torch import nn


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 4, 3), nn.Linear(4, 4)

    def forward(self, image, features):
        return self.conv(image).relu().mean((2, 3)) + self.linear(features)


def make():
    return Two()
"""
