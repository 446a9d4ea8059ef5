"""Counts of instructions compared: exact ratios, pairs, and what is too unlike."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgekit import devices
from edgekit.devices import (
    CountReport,
)
from edgekit.devices.stored_results.result_file import read
from edgekit.errors import RefusedError
from tests.devices.compare.made import (
    counted,
    counts,
    latency,
    written,
)
from tests.specimens.printed.reports import INFO


@pytest.mark.parametrize(
    ("candidate", "ratio", "verdict"),
    [
        (counts(1000), 1.0, "same"),
        (counts(1001), 1.001, "more"),
        (counts(999), 0.999, "fewer"),
        (counts(1002, spread=3), 1.002, "same"),
        (counts(1004, spread=3), 1.004, "more"),
    ],
)
def test_counts_have_an_exact_ratio(
    tmp_path: Path, candidate: CountReport, ratio: float, verdict: str
) -> None:
    old = written(tmp_path / "old.json", counted(counts(1000)))
    new = written(tmp_path / "new.json", counted(candidate))
    found = devices.compare_results(old, new)
    assert found.times == ()
    (pair,) = found.counts
    assert (pair.ratio, pair.verdict) == (pytest.approx(ratio, rel=1e-12), verdict)


def test_counts_are_paired_by_what_they_are_of(tmp_path: Path) -> None:
    ort = dataclasses.replace(INFO, runtime="onnxruntime")
    old = written(tmp_path / "old.json", counted(counts(1000), counts(2000, info=ort)))
    new = written(tmp_path / "new.json", counted(counts(3000, info=ort), counts(900)))
    pairs = devices.compare_results(old, new).counts
    assert {pair.base.key[1]: pair.ratio for pair in pairs} == {"onnxruntime": 1.5, "tflite": 0.9}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"processor": "Cortex-A53"}, "processor Cortex-A76 and Cortex-A53"),
        ({"info": dataclasses.replace(INFO, runtime_version="ai-edge-litert 9")}, "runtime ai-edg"),
    ],
)
def test_counts_of_unlike_processors_or_runtimes_are_refused_unless_forced(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    old = written(tmp_path / "old.json", counted(counts(1000)))
    new = written(tmp_path / "new.json", counted(counts(1000, **changes)))
    with pytest.raises(RefusedError, match=message) as caught:
        devices.compare_results(old, new)
    assert caught.value.reason_code == "unlike-conditions"
    assert len(devices.compare_results(old, new, force=True).differences) == 1


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    times = written(tmp_path / "times.json", latency())
    count = written(tmp_path / "counts.json", counted(counts(1000)))
    for pair in ((times, count), (count, times)):
        with pytest.raises(RefusedError, match="holds times, the other instruction") as caught:
            devices.compare_results(*pair, force=True)
        assert caught.value.reason_code == "not-comparable"
    for schema in ("edgekit.profiles", "edgekit.sustained-runs", "edgekit.benchmark-model-reports"):
        text = json.dumps({"schema": schema, "schema_version": 1, "reports": []})
        with pytest.raises(RefusedError, match="compare results of plain") as caught:
            read(written(tmp_path / "other.json", text))
        assert caught.value.reason_code == "not-comparable"
