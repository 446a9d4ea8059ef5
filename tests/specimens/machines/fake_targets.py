"""Targets that measure nothing: they sleep, write down that they did, and answer.

Run as a program, this file is a sweep of them, to be killed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit import study
from edgekit.devices import MeasureSettings, Probe
from edgekit.devices.targets import Counted
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import WorkerError
from edgekit.files import documents
from edgekit.runtimes.count_marks import EMPTY_RUNS
from edgekit.runtimes.jobs import CountJob, Job, MeasureJob
from tests.specimens.printed import reports

LOG, SECONDS = "FAKE_TARGET_LOG", "FAKE_TARGET_SECONDS"


@dataclass(frozen=True)
class FakeTarget:
    """A board that takes no file and fails on those whose name has "bad" in it."""

    name: str

    def probe(self) -> Probe:
        return Probe(reports.MACHINE, {"tflite": "ai-edge-litert 2.3.0", "onnxruntime": None})

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:  # noqa: ARG002
        assert isinstance(job, MeasureJob)
        file = Path(job.path).read_bytes()
        about = f"{self.name} {Path(job.path).stem} {job.threads}"
        _note(f"start {about}")
        time.sleep(float(os.environ.get(SECONDS, "0")))
        _note(f"end {about}")
        if file.startswith(b"bad"):
            raise WorkerError("this file is bad")
        level = 1 + int(hashlib.sha256(file).hexdigest()[:4], 16) / 65536
        run = documents.encode(reports.run(reports.steady(level, 40)))
        info, machine = documents.encode(reports.INFO), documents.encode(reports.MACHINE)
        return {"model": info, "machine": machine, "run": run}


@dataclass(frozen=True)
class FakeProcessor(FakeTarget):
    """An emulated processor that executes a thousand instructions a byte of the file."""

    processor: str = "Fake-A1"

    def count(self, job: CountJob, timeout_s: float) -> Counted:  # noqa: ARG002
        answer = {"model": documents.encode(reports.INFO), "outputs_sha256": "00"}
        executed = Counts(*[0] * 8, 1000 * Path(job.path).stat().st_size, 0, 0)
        empty = Counts(*[0] * 11)
        return Counted(answer, (empty,) * EMPTY_RUNS + (executed,) * job.num_runs)


def resolve(name: str) -> FakeTarget:
    return FakeTarget(name)


def files(folder: Path, count: int) -> tuple[str, ...]:
    """Make files of nothing but their number."""
    made = [folder / f"net{number}.tflite" for number in range(count)]
    for number, path in enumerate(made):
        path.write_bytes(f"net{number}".encode())
    return tuple(map(str, made))


def plan(
    folder: Path, count: int, threads: int = 2, targets: tuple[str, ...] = ("a", "b")
) -> study.Plan:
    return study.Plan(
        files(folder, count),
        threads=tuple(range(1, threads + 1)),
        targets=targets,
        measure=MeasureSettings(children=3),
    )


def _note(line: str) -> None:
    if LOG in os.environ:
        log = os.open(os.environ[LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, f"{line}\n".encode())
        os.close(log)


if __name__ == "__main__":
    place, store = Path(sys.argv[1]), Path(sys.argv[2])
    study.sweep(study.SweepRequest(plan(place, int(sys.argv[3])), store, resolve=resolve))
