"""What `edgekit quantize` writes, and what is on record in it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from edgekit import runtimes
from edgekit.export import artifact
from tests.quantize.command.made import IMAGES, pictures, written
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights


def test_files_of_both_formats_their_sidecars_and_their_encodings(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    images, out = pictures(tmp_path / "images"), tmp_path / "out"
    code, shown, progress = cli("quantize", net, "--calibration-data", images, *IMAGES, "-o", out)
    assert code == 0, progress
    assert set(written(out)) == {
        "net_int8.onnx", "net_int8.onnx.json", "net_int8.tflite", "net_int8.tflite.json",
        "net_int8.encodings.json",
    }  # fmt: skip
    assert "recipe minmax+equalize+bias" in shown
    assert "calibrated on folder images, 12 unlabelled images" in shown
    assert "warning" not in progress
    for name in ("net_int8.onnx", "net_int8.tflite"):
        entry = artifact.load(out / name)
        assert entry is not None
        assert (entry.precision, entry.recipe) == ("int8", "minmax+equalize+bias")
        assert entry.verified == "passed"
        assert entry.trace == ()
    info = runtimes.load("tflite", out / "net_int8.tflite").info()
    assert (info.partitions, info.operators_outside) == (1, ())


def test_the_encodings_file_makes_the_same_files_again(cli: Cli, net: Path, tmp_path: Path) -> None:
    images = pictures(tmp_path / "images")
    first, second = tmp_path / "first", tmp_path / "second"
    how = ("--preprocessing", "raw", "--recipe", "mse:mse+equalize+batch-norm+adaround+mixed")
    assert cli("quantize", net, "--calibration-data", images, *how, "-o", first)[0] == 0
    encodings = first / "net_int8.encodings.json"
    code, shown, _ = cli("quantize", net, "--encodings", encodings, "-o", second)
    assert code == 0
    assert "encodings net_int8.encodings.json" in shown
    for name in ("net_int8.onnx", "net_int8.tflite", "net_int8.encodings.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_json_is_one_document(cli: Cli, net: Path, tmp_path: Path) -> None:
    code, shown, progress = cli(
        "quantize", net, "--recipe", "minmax", "-o", tmp_path / "o", "--json"
    )
    assert code == 0
    document = json.loads(shown)
    assert (document["schema"], document["schema_version"]) == ("edgekit.quantize", 1)
    assert [entry["format"] for entry in document["artifacts"]] == ["onnx", "tflite"]
    assert document["within_budget"] is None
    (warning,) = document["warnings"]
    assert "no real inputs" in warning
    assert f"warning: {warning}" in progress


def test_one_format_integer_io_and_other_widths(cli: Cli, net: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    how = ("--recipe", "minmax", "--format", "litert", "--io", "int8", "-o", out)
    assert cli("quantize", net, *how)[0] == 0
    info = runtimes.load("tflite", out / "net_int8.tflite").info()
    assert {tensor.dtype for tensor in (*info.inputs, *info.outputs)} == {"int8"}
    assert not (out / "net_int8.onnx").exists()
    how = ("--recipe", "minmax", "--format", "ort", "--precision", "w8a16", "-o", out)
    assert cli("quantize", net, *how)[0] == 0
    assert (out / "net_int16x8.onnx").is_file()
    assert (out / "net_int16x8.encodings.json").is_file()


def test_a_named_recipe_and_its_text_are_the_same_thing(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    """So are the number of samples in the sidecar and the number that was used."""
    np.save(tmp_path / "samples.npy", weights(80, 3, 8, 8, seed=5))
    how = ("--calibration-data", tmp_path / "samples.npy", "--format", "onnx")
    found = {}
    for name, recipe in (
        ("named", "fast"),
        ("spelled", "moving-average+equalize+bias#64"),
        ("all", "moving-average+equalize+bias"),
        ("older", "moving-average+equalise+bias"),
    ):
        code, _, shown = cli("quantize", net, *how, "--recipe", recipe, "-o", tmp_path / name)
        assert code == 0, shown
        kept = json.loads((tmp_path / name / "net_int8.onnx.json").read_text())
        encodings = (tmp_path / name / "net_int8.encodings.json").read_bytes()
        found[name] = (kept["recipe"], kept["calibration"], encodings)
    assert found["named"] == found["spelled"]
    assert found["all"] == found["older"]
    assert found["named"][:2] == (
        "moving-average+equalize+bias#64",
        "samples.npy, 64 samples, evenly spaced among 80",
    )
    assert found["all"][:2] == ("moving-average+equalize+bias", "samples.npy, 80 samples")
    assert found["named"][2] != found["all"][2]


def test_the_number_that_the_user_gives_goes_before_the_recipe(
    cli: Cli, net: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "samples.npy", weights(80, 3, 8, 8, seed=5))
    out = tmp_path / "out"
    code, _, shown = cli(
        "quantize", net, "--calibration-data", tmp_path / "samples.npy", "--recipe", "fast",
        "--calibration-samples", 70, "--per-tensor", "--format", "onnx", "-o", out,
    )  # fmt: skip
    assert code == 0, shown
    kept = json.loads((out / "net_int8.onnx.json").read_text())
    assert kept["recipe"] == "moving-average/tensor+equalize+bias"
    assert kept["calibration"] == "samples.npy, 70 samples, evenly spaced among 80"
