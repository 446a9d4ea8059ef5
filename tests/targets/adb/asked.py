"""A benchmark of a file on the stand-in phone, and what benchmark_model is known to print."""

from __future__ import annotations

import json
from pathlib import Path

from edgekit import devices
from edgekit.devices import (
    BenchmarkReport,
    BenchmarkRequest,
    MeasureSettings,
    ModelFile,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "benchmark_model"
TRANSCRIPTS = {path.stem: path.read_text() for path in sorted(GOLDEN.glob("*.txt"))}
OUTCOMES = json.loads((GOLDEN / "outcomes.json").read_text())
LAST = "tensorflow_2_15"
BRIEF = MeasureSettings(num_runs=20, min_secs=0, max_secs=1, warmup_secs=0.01, timeout_s=1)


def benchmark(net: Path, target: str = "adb:") -> BenchmarkReport:
    place = devices.resolve_target(target)
    assert isinstance(place, devices.BenchmarkTarget)
    with devices.opened(place):
        [report] = devices.benchmark(BenchmarkRequest((ModelFile(net),), place, (BRIEF,)))
    return report
