"""``measured/``: what a clock said on this machine, with an index of its own.

It is not in the manifest, so that all else in a bundle repeats byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgekit import devices
from edgekit.bundle.members import Member
from edgekit.devices import LatencyReport
from edgekit.progress import Progress

INDEX = "measured.json"


def write(members: Sequence[Member], place: Path, progress: Progress) -> None:
    """Time every file and write raw samples, machine and an index.

    Raises:
        EdgekitError: what `edgekit.devices.measure` raises.
    """
    files = tuple(
        devices.ModelFile(place / each.entry.path, None, each.entry.path, each.entry.precision)
        for each in members
    )
    (reports,) = [devices.measure(devices.MeasureRequest(files), progress)]
    (place / "measured").mkdir()
    rows = [
        _document(
            place, "latency", [_named(each, m) for each, m in zip(reports, members, strict=True)]
        ),
        _document(
            place, "memory", [_memory(each, m) for each, m in zip(reports, members, strict=True)]
        ),
    ]
    text = json.dumps({"schema": "edgekit.measured", "schema_version": 1, "files": rows}, indent=2)
    (place / INDEX).write_text(f"{text}\n", encoding="utf-8")


def _named(report: LatencyReport, member: Member) -> dict[str, Any]:
    return {**json.loads(report.to_json()), "file": member.entry.path}


def _memory(report: LatencyReport, member: Member) -> dict[str, Any]:
    """Return what each process held, of all that was measured of it the part that is memory."""
    processes = [
        {
            "before_load_bytes": run.memory_before_load_bytes,
            "peak_bytes": run.peak_memory_bytes,
            "private_bytes": run.added_private_bytes,
            "load_ms": run.load_ms,
            "first_run_ms": run.first_run_ms,
        }
        for run in report.runs
    ]
    info = report.info.runtime_version
    return {"file": member.entry.path, "runtime": info, "processes": processes}


def _document(place: Path, name: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Write a file of rows, and return its line of the index."""
    content = json.dumps(rows, allow_nan=False).encode()
    (place / "measured" / f"{name}.json").write_bytes(content)
    return {"path": f"measured/{name}.json", "sha256": hashlib.sha256(content).hexdigest()}
