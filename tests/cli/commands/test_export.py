"""`edgekit export`: one table, and what is refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import models
from tests.cli.commands.made import SMALL, one_error_line
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights


def test_export_prints_one_table_and_progress_apart(cli: Cli, tmp_path: Path) -> None:
    code, out, err = cli("export", "--model", SMALL, "-o", tmp_path)
    assert code == 0
    spec = models.get(SMALL)
    assert f"{SMALL}: {spec.params:,} params" in out
    assert "untrained (seed 0)" in out
    for suffix in ("onnx", "tflite"):
        assert f"{SMALL}_float32.{suffix}" in out
        assert (tmp_path / f"{SMALL}_float32.{suffix}.json").is_file()
    assert "tracing" in err
    assert "tracing" not in out
    code, out, _ = cli("info", tmp_path / f"{SMALL}_float32.onnx")
    assert f"{spec.macs:,}" in out
    code, out, err = cli("export", SMALL, "--format", "onnx", "--seed", 1, "-o", tmp_path, "--json")
    assert code == 4
    assert "--force" in one_error_line(err)
    assert json.loads(out)["reason_code"] == "file-exists"


def test_export_json(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    code, out, _ = cli(
        "export", tiny, "--target-runtime", "litert,ort", "-o", tmp_path / "out", "--json",
        "--no-verify", "--precision", "fp32",
    )  # fmt: skip
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.export")
    assert [entry["format"] for entry in document["artifacts"]] == ["tflite", "onnx"]
    assert {entry["verified"] for entry in document["artifacts"]} == {"skipped"}


BAD_REQUESTS = {
    "no model": (["export"], 2, "no model is given"),
    "two models": (["export", "a", "--model", "b"], 2, "two models are given"),
    "unknown model": (["export", "micronet-m9"], 2, "did you mean micronet-m"),
    "unknown format": (["export", SMALL, "--format", "tf"], 2, "unknown format 'tf'"),
    "unknown precision": (["export", SMALL, "--precision", "int4"], 2, "unknown precision"),
    "a precision that needs data": (
        ["export", SMALL, "--precision", "int8"],
        2,
        "edgekit quantize",
    ),
    "data that no precision needs": (["export", SMALL, "--calibration-data", "x"], 2, "int16x8"),
    "a .tflite to quantize": (["quantize", "x.tflite"], 2, "is a .tflite already"),
    "missing weights": (["export", SMALL, "--weights", "no.pt"], 2, "no.pt"),
    "missing file": (["export", "absent.onnx"], 2, "absent.onnx"),
    "unknown backend": (["latency", SMALL, "--backend", "tflight"], 2, "did you mean tflite"),
    "unknown target": (["latency", SMALL, "--target", "lokal"], 2, "did you mean local"),
    "unknown model in latency": (["latency", "micronet"], 2, "unknown model"),
    "missing file in latency": (["latency", "absent.tflite"], 2, "absent.tflite"),
    "missing file in info": (["info", "absent.tflite"], 2, "absent.tflite"),
    "threads": (["latency", SMALL, "--threads", "two"], 2, "whole numbers"),
    "input size": (["latency", SMALL, "--input-size", "big"], 2, "160x320"),
    "input size of a file": (["latency", "net.onnx", "--input-size", "96"], 2, "exported with"),
    "input size of nothing": (["latency", SMALL, "--input-size", "0"], 2, "below 1"),
    "no threads": (["latency", SMALL, "--threads", "0"], 2, "threads"),
    "too few children": (["latency", SMALL, "--children", "2"], 2, "children"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_requests(case: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, expected, words = BAD_REQUESTS[case]
    monkeypatch.chdir(tmp_path)
    code, out, err = cli(*arguments)
    assert (code, out) == (expected, "")
    assert words in one_error_line(err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["export", "info", "latency"])
@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
@pytest.mark.parametrize("damage", ["truncated", "text", "empty"])
def test_damaged_files(command: str, suffix: str, damage: str, cli: Cli, tiny: Path) -> None:
    expected = 2 if (command, suffix) == ("export", ".tflite") else 4  # export reads no .tflite
    path = tiny.with_suffix(suffix)
    whole = path.read_bytes()
    content = {"truncated": whole[: len(whole) // 2], "text": b"hello\n", "empty": b""}[damage]
    path.write_bytes(content)
    before = set(tiny.parent.iterdir())
    code, out, err = cli(command, path)
    assert (code, out) == (expected, "")
    assert path.name in one_error_line(err)
    assert set(tiny.parent.iterdir()) == before


def test_float_and_integer_files_by_one_command(cli: Cli, tiny: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "samples.npy", weights(9, 3, 8, 8, seed=3))
    code, out, err = cli(
        "export", tiny, "--precision", "float32,int8", "--calibration-data",
        tmp_path / "samples.npy", "-o", tmp_path / "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    made = [(each["precision"], each["format"]) for each in json.loads(out)["artifacts"]]
    assert made == [
        ("float32", "onnx"), ("float32", "tflite"), ("int8", "onnx"), ("int8", "tflite"),
    ]  # fmt: skip
    assert {each["verified"] for each in json.loads(out)["artifacts"]} == {"passed"}
    assert (tmp_path / "out" / "tiny_int8.encodings.json").is_file()


def test_unsupported_operator(cli: Cli, tmp_path: Path) -> None:
    model = graphs.proto("g (float[1,3,4,4] x) => (float[1,3] y) { y = Det(x) }")
    onnx.save(model, tmp_path / "det.onnx")
    code, out, err = cli("export", tmp_path / "det.onnx", "-o", tmp_path / "out", "--json")
    assert code == 4
    assert json.loads(out)["reason_code"] == "unsupported-operator"
    line = one_error_line(err)
    assert "Det (node" in line
    assert "--format onnx" in line
    assert not (tmp_path / "out").exists()


def test_output_that_is_no_folder(cli: Cli, tiny: Path) -> None:
    code, _, err = cli("export", tiny, "-o", tiny / "below")
    assert code == 2
    assert "choose another -o folder" in one_error_line(err)
