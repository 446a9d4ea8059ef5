"""`edgekit compare`: tables, gates, and what cannot be mixed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from edgekit import devices
from edgekit.devices import (
    MeasureSettings,
)
from tests.devices.compare.made import (
    codes,
    comparison,
    counts,
    latency,
    written,
)
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.printed.reports import turns

# The command line

QUICK = ["--children", "3", "--num-runs", "1", "--min-secs", "0"]


def test_two_files_are_measured_in_turns(cli: Cli, tmp_path: Path) -> None:
    base = tiny_onnx(tmp_path / "base.onnx")
    other = tiny_tflite(tmp_path / "other.tflite", [OPS.ABS])
    code, out, err = cli("compare", base, other, *QUICK, "--json")
    assert code == 0
    found = devices.comparison_from_json(out)
    assert [each.info.runtime for each in found.subjects] == ["onnxruntime", "tflite"]
    assert found.settings.children == 3
    assert "outputs-differ" not in codes(found)
    assert "comparing (3/3)" in err
    kept = written(tmp_path / "kept.json", out)
    code, out, err = cli("compare", kept, kept)
    assert (code, err) == (0, "")
    assert "base.onnx" in out
    assert "note: measured apart" in out


def test_the_table_says_how_much_and_how_surely(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noisy = dataclasses.replace(
        comparison(1.0, 1.1, 1.0, 1.0),
        runs=tuple(turns(1.0, 1.1, 1.0, level) for level in (0.9, 1.0, 1.1, 1.05)),
    )
    monkeypatch.setattr("edgekit.devices.compare", lambda *_: noisy)
    paths = [tmp_path / f"{number}.tflite" for number in range(4)]
    for path in paths:
        path.write_text("x")
    code, out, _ = cli("compare", *paths, "--fail-slower", 10)
    assert code == 0
    for words in ("1.100 [1.100, 1.100]", "slower", "same within", "cannot tell: about"):
        assert words in out
    code, _, err = cli("compare", *paths, "--fail-slower", 5)
    assert code == 1
    assert err.startswith("error: ")
    assert "1.tflite is slower by at least 10.0 %, not 5" in err


def test_result_files_print_their_pairs(cli: Cli, tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latency())
    new = written(tmp_path / "new.json", latency(1.2, 1.201, 1.199, settings=MeasureSettings(2)))
    code, out, err = cli("compare", old, new)
    assert (code, out) == (4, "")
    assert "error: " in err
    assert "[unlike-conditions]" in err
    code, out, _ = cli("compare", old, new, "--force", "--fail-slower", 5)
    assert code == 1
    assert "note: unlike conditions: threads 1 and 2" in out
    code, out, _ = cli("compare", old, new, "--force", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.result-comparison")
    assert document["pairs"][0]["contrast"]["verdict"] == "slower"


def test_a_gate_on_instruction_counts(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `latency --target qemu:` prints as JSON is what `compare` takes."""
    results = iter([counts(1_000_000), counts(1_010_000)])
    monkeypatch.setattr("edgekit.devices.count", lambda *_: (next(results),))
    net = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    kept = []
    for name in ("old.json", "new.json"):
        code, out, _ = cli("latency", net, "--target", "qemu:cortex-a76", "--json")
        assert code == 0
        kept.append(written(tmp_path / name, out))
    code, out, err = cli("compare", *kept, "--fail-slower", 1.5)
    assert (code, err) == (0, "")
    for words in ("1.00 M", "1.01 M", "1.01000", "more", "Cortex-A76, not a time"):
        assert words in out
    assert " ms" not in out
    code, _, err = cli("compare", *kept, "--fail-slower", 0.5)
    assert code == 1
    assert err == "error: net on tflite executes 1.00 % more instructions, not 0.5 [slower]\n"
    code, out, _ = cli("compare", *kept, "--fail-slower", 0.5, "--json")
    assert (code, json.loads(out)["schema"]) == (1, "edgekit.count-comparison")
    code, out, _ = cli("compare", *kept, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.count-comparison")
    assert document["pairs"][0]["ratio"] == 1.01


@pytest.mark.parametrize("names", [["a.onnx", "b.json"], ["a.json", "b.json", "c.json"]])
def test_files_and_results_are_not_mixed(cli: Cli, names: list[str]) -> None:
    code, _, err = cli("compare", *names)
    assert code == 2
    assert "two result files" in err


def test_a_missing_file_is_a_usage_error(cli: Cli, tmp_path: Path) -> None:
    code, _, err = cli("compare", tmp_path / "none.onnx", tmp_path / "none.onnx")
    assert code == 2
    assert "none.onnx: No such file" in err
