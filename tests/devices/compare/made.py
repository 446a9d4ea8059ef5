"""Comparisons, latencies and counts as they are made up for tests of comparing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.devices import (
    ComparedFile,
    Comparison,
    CountReport,
    CountSettings,
    LatencyReport,
    MeasureSettings,
)
from edgekit.devices.reports.instruction_counts import CountedRuns
from edgekit.emulation.instruction_counts import Counts
from tests.specimens.printed.reports import INFO, MACHINE, report, steady, turns
from tests.specimens.printed.reports import run as made_run

CHILDREN = 4
SETTINGS = MeasureSettings(children=CHILDREN)


def comparison(*levels_ms: float, **changes: Any) -> Comparison:
    subjects = [
        ComparedFile(f"{number}.tflite", "ab", 10, f"net{number}", None, None, INFO)
        for number in range(len(levels_ms))
    ]
    shifts = np.linspace(0.999, 1.001, CHILDREN)
    runs = tuple(
        turns(levels_ms[0], *(level * shift for level in levels_ms[1:])) for shift in shifts
    )
    made = Comparison(tuple(subjects), "local", "0.1.0", SETTINGS, MACHINE, runs)
    return dataclasses.replace(made, **changes)


def latency(*levels_ms: float, **changes: Any) -> LatencyReport:
    levels = levels_ms or (1.0, 1.001, 0.999)
    return report([made_run(steady(level)) for level in levels], **changes)


def written(path: Path, document: LatencyReport | Comparison | CountReport | str) -> Path:
    path.write_text(document if isinstance(document, str) else document.to_json())
    return path


def latencies(*reports: LatencyReport) -> str:
    documents = [json.loads(each.to_json()) for each in reports]
    return json.dumps({"schema": "edgekit.latencies", "schema_version": 1, "reports": documents})


def codes(found: Comparison) -> set[str]:
    return {issue.code for issue in found.issues}


# Instruction counts that were kept


def counts(instructions: int, spread: int = 0, **changes: Any) -> CountReport:
    """A count whose processes executed so many and, one of them, ``spread`` more."""
    runs = [
        Counts(other=n, **dict.fromkeys(REST, 0)) for n in (instructions, instructions + spread)
    ]
    made = CountReport(
        file="net.tflite",
        sha256="ab",
        size_bytes=10,
        model="net",
        precision=None,
        macs=None,
        target="qemu:cortex-a76",
        edgekit_version="0.1.0",
        processor="Cortex-A76",
        settings=CountSettings(children=3),
        info=INFO,
        children=tuple(CountedRuns((run,), "00") for run in (runs[0], *runs)),
    )
    return dataclasses.replace(made, **changes)


REST = [field.name for field in dataclasses.fields(Counts) if field.name != "other"]


def counted(*reports: CountReport) -> str:
    """What `edgekit latency --target qemu: --json` prints."""
    documents = [json.loads(each.to_json()) for each in reports]
    schema = "edgekit.instruction-count-reports"
    return json.dumps({"schema": schema, "schema_version": 1, "reports": documents})
