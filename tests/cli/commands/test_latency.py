"""`edgekit latency`: files, documents, sweeps."""

from __future__ import annotations

import json
from pathlib import Path

from edgekit import models
from edgekit.devices import latency_from_json
from tests.cli.commands.made import QUICK, SMALL
from tests.specimens.commands import Cli


def test_latency_of_files(cli: Cli, tiny: Path) -> None:
    code, out, err = cli("latency", tiny, tiny.with_suffix(".tflite"), *QUICK)
    assert code == 0
    assert "tiny.onnx" in out
    assert "tiny.tflite" in out
    assert "1 partition" in out
    assert "n runs in 3 processes each" in out
    assert "(6/6)" in err


def test_latency_json_round_trips(cli: Cli, cache: Path) -> None:
    code, out, _ = cli("latency", SMALL, "--backend", "ort,litert", *QUICK, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "edgekit.latencies")
    reports = [latency_from_json(json.dumps(report)) for report in document["reports"]]
    assert [report.info.runtime for report in reports] == ["onnxruntime", "tflite"]
    for report in reports:
        assert (report.model, report.precision) == (SMALL, "float32")
        assert report.macs == models.get(SMALL).macs
        assert all(len(run.wall_ms) >= 30 for run in report.runs)
    assert cache.is_dir()


def test_latency_sweeps_input_sizes(cli: Cli, cache: Path) -> None:  # noqa: ARG001
    sizes = ["--input-size", "16,24x32", "--cool-down", "0s"]
    code, out, _ = cli("latency", SMALL, "--backend", "tflite", *sizes, *QUICK, "--json")
    assert code == 0
    reports = [latency_from_json(json.dumps(each)) for each in json.loads(out)["reports"]]
    assert [report.model for report in reports] == [f"{SMALL} 16", f"{SMALL} 24x32"]
    shapes = [report.info.inputs[0].shape for report in reports]
    assert shapes == [(1, 16, 16, 3), (1, 24, 32, 3)]
    first, second = reports
    assert first.macs is not None
    assert second.macs is not None
    assert second.macs > first.macs


def test_latency_sweeps_threads(cli: Cli, tiny: Path) -> None:
    _, out, _ = cli("latency", tiny, "--threads", "1,2", *QUICK, "--json")
    reports = json.loads(out)["reports"]
    assert [report["settings"]["threads"] for report in reports] == [1, 2]
