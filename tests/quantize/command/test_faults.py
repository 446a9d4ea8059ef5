"""Warnings and faults of `edgekit quantize`: one line, the right exit code, nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.quantize.command.made import IMAGES, error_line, pictures, save, written
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.graphs import weights


def test_one_image_is_warned_of(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 1)
    code, _, progress = cli(
        "quantize", net, "--calibration-data", images, *IMAGES, "-o", tmp_path / "out"
    )
    assert code == 0
    assert "warning: calibrated on only 1 sample" in progress


def test_black_images_are_warned_of(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 9, value=0)
    code, _, progress = cli(
        "quantize", net, "--calibration-data", images, *IMAGES, "-o", tmp_path / "out",
        "--no-verify",
    )  # fmt: skip
    assert code == 0
    assert "warning: every calibration sample is one value throughout" in progress


def refused(cli: Cli, out: Path, code: int, *arguments: object) -> str:
    before = written(out) if out.exists() else None
    found, shown, progress = cli("quantize", *arguments, "-o", out)
    assert found == code, progress
    assert shown == ""
    assert (written(out) if out.exists() else None) == before
    return error_line(progress)


def test_calibration_data_that_is_not_there(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    missing = ("--calibration-data", tmp_path / "missing", *IMAGES)
    assert "there is no such folder or file" in refused(cli, out, 2, net, *missing)
    (tmp_path / "empty").mkdir()
    empty = ("--calibration-data", tmp_path / "empty", *IMAGES)
    assert "[no-samples]" in refused(cli, out, 2, net, *empty)


def test_images_without_a_known_preprocessing(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images", 2)
    line = refused(cli, tmp_path / "out", 2, net, "--calibration-data", images)
    assert "--preprocessing" in line
    budget = ("--max-drop", 1, "--recipe", "minmax")
    assert "--preprocessing" in refused(cli, tmp_path / "out", 2, net, *budget)


def test_an_array_of_another_size(cli: Cli, net: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "wrong.npy", np.zeros((9, 3, 7, 7), np.float32))
    line = refused(cli, tmp_path / "out", 4, net, "--calibration-data", tmp_path / "wrong.npy")
    assert "(9, 3, 7, 7)" in line
    assert line.endswith("[bad-samples]")


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["w1", "b1", "w2"])
def test_weights_that_are_not_finite(cli: Cli, tmp_path: Path, name: str, value: float) -> None:
    bad = {"w1": weights(6, 3, 3, 3), "b1": weights(6), "w2": weights(8, 6, 1, 1)}[name].copy()
    bad.flat[0] = value
    net = save(tmp_path / "net.onnx", **{name: bad})
    line = refused(cli, tmp_path / "out", 4, net, "--recipe", "minmax+equalize")
    assert line.endswith("[not-finite]")


def test_activations_that_overflow(cli: Cli, tmp_path: Path) -> None:
    net = save(
        tmp_path / "net.onnx",
        w1=weights(6, 3, 3, 3) * np.float32(1e30),
        w2=np.abs(weights(8, 6, 1, 1)) * np.float32(1e30),
    )
    for recipe in ("minmax", "default"):
        line = refused(cli, tmp_path / "out", 4, net, "--recipe", recipe)
        assert line.endswith("[not-finite]")


def test_encodings_of_another_network(cli: Cli, net: Path, tmp_path: Path) -> None:
    other = save(tmp_path / "other.onnx", w3=weights(5, 8, seed=8))
    made = tmp_path / "made"
    how = ("--recipe", "minmax", "--format", "onnx", "--no-verify", "-o", made)
    assert cli("quantize", other, *how)[0] == 0
    encodings = made / "other_int8.encodings.json"
    line = refused(cli, tmp_path / "out", 4, net, "--encodings", encodings)
    assert line.endswith("[encodings-mismatch]")
    line = refused(cli, tmp_path / "out", 2, net, "--encodings", tmp_path / "missing.json")
    assert "cannot read the encodings" in line
    line = refused(cli, tmp_path / "out", 2, other, "--encodings", encodings, "--max-drop", 1)
    assert "--max-drop" in line


def test_an_existing_file_is_kept_without_force(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "net_int8.tflite").write_bytes(b"mine")
    how = (net, "--recipe", "minmax", "--no-verify")
    assert refused(cli, out, 4, *how).endswith("[file-exists]")
    assert cli("quantize", *how, "-o", out, "--force")[0] == 0
    assert (out / "net_int8.tflite").read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--max-drop", "-1", "--preprocessing", "raw"), "--max-drop takes points from 0 up"),
        (("--max-drop", "nan", "--preprocessing", "raw"), "--max-drop takes points from 0 up"),
        (("--recipe", "defualt"), "did you mean default"),
        (("--recipe", "minmax+equal"), "did you mean equalize"),
        (("--seven-bit", "nothing"), "no layer 'nothing'"),
        (("--calibration-samples", "0"), "1 sample or more"),
        (("--format", "coreml"), "unknown format"),
        (("--data", "nowhere"), "no such folder"),
        (("--recipe", "nowhere.toml"), "cannot read the recipe"),
    ],
    ids=str,
)
def test_requests_that_make_no_sense(
    options: tuple[str, ...], says: str, cli: Cli, net: Path, tmp_path: Path
) -> None:
    assert says in refused(cli, tmp_path / "out", 2, net, *options)


def test_a_recipe_file_with_a_fault(cli: Cli, net: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("rungz = []")
    line = refused(cli, tmp_path / "out", 4, net, "--recipe", tmp_path / "mine.toml")
    assert line.endswith("[bad-recipe]")


def test_a_tflite_file_is_no_source(cli: Cli, tmp_path: Path) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.RELU])
    assert "is a .tflite already" in refused(cli, tmp_path / "out", 2, path)


def test_faults_in_json_name_their_reason(cli: Cli, net: Path, tmp_path: Path) -> None:
    code, shown, _ = cli("quantize", net, "--recipe", "defualt", "-o", tmp_path / "out", "--json")
    document = json.loads(shown)
    assert (code, document["schema"], document["reason_code"]) == (
        2,
        "edgekit.error",
        "unknown-name",
    )
