"""`edgekit quantize --max-drop`: the search in the table and in the sidecar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.quantize import rungs
from edgekit.quantize.budget import climb
from tests.quantize.command.made import pictures, save
from tests.specimens.commands import Cli
from tests.specimens.graphs import weights


@pytest.fixture
def no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_float(before: Path, after: Path) -> dict[str, float | int]:
        assert before.is_file()
        assert after.is_file()
        return {"ratio": 0.5, "ratio_low": 0.4, "ratio_high": 0.6}

    monkeypatch.setattr("edgekit.cli.quantize.latency.of_float", of_float)


@pytest.mark.usefixtures("no_timing")
def test_the_search_is_in_the_table_and_in_the_sidecar(cli: Cli, net: Path, tmp_path: Path) -> None:
    images, out = pictures(tmp_path / "images", 24), tmp_path / "out"
    common = ("--calibration-data", images, "--calibration-samples", 8, "--preprocessing", "raw")
    code, shown, _ = cli("quantize", net, *common, "--max-drop", 100, "-o", out)
    assert code == 0
    assert "budget of 100 points kept" in shown
    (step,) = _trace(out)
    assert (step["action"], step["recipe"], step["kept"]) == ("start", "minmax", True)
    assert step["images"] == 16, "those that were not calibrated with"
    assert step["labelled"] is False
    assert step["latency"]["ratio"] == 0.5
    assert "0.50 [0.40, 0.60] of float32" in shown


@pytest.mark.usefixtures("no_timing")
def test_a_budget_that_cannot_be_kept_is_a_failed_check(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classes differ by less than a step, so their order is lost whatever a bias does."""
    monkeypatch.setattr(climb, "RUNGS", {"bias": rungs.get("bias")})
    last = np.repeat(weights(1, 8, seed=3), 5, axis=0)
    last[1] *= 1 + 1e-5
    last[2] *= 1 - 1e-5
    net = save(tmp_path / "net.onnx", w3=last, b3=np.zeros(5, np.float32))
    images, out = pictures(tmp_path / "images", 24), tmp_path / "out"
    code, shown, progress = cli(
        "quantize", net, "--calibration-data", images, "--calibration-samples", 8,
        "--preprocessing", "raw", "--recipe", "percentile", "--max-drop", 0, "-o", out,
    )  # fmt: skip
    assert code == 1, progress
    assert "budget of 0 points NOT kept: no rung is left" in shown
    assert (out / "net_int8.onnx").is_file(), "the files are written all the same"
    assert [step["action"] for step in _trace(out)] == ["start", "add bias"]


def _trace(out: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((out / "net_int8.onnx.json").read_text())["trace"]
    return found
