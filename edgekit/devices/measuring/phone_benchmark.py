"""Measure .tflite files on a phone with TFLite's ``benchmark_model``: statistics, no samples."""

from __future__ import annotations

import time
from dataclasses import dataclass

from edgekit.devices.measuring.request import ModelFile, facts_of, identity, turns
from edgekit.devices.reports.phone_benchmark import BenchmarkReport, BenchmarkRun
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Benchmarked, BenchmarkTarget, opened
from edgekit.errors import UsageError, WorkerError
from edgekit.progress import Counter, Progress, silent


@dataclass(frozen=True)
class BenchmarkRequest:
    """How long do these files take on a phone?

    Attributes:
        files: what to measure; .tflite files only.
        target: the phone.
        settings: how; all files are measured under the first, then under the second, and so on.

    Raises:
        UsageError: a file is no .tflite file.
    """

    files: tuple[ModelFile, ...]
    target: BenchmarkTarget
    settings: tuple[MeasureSettings, ...] = (MeasureSettings(),)

    def __post_init__(self) -> None:
        for file in self.files:
            if file.for_job.runtime != "tflite":
                raise UsageError(f"{file.path}: benchmark_model runs .tflite files only")


def benchmark(
    request: BenchmarkRequest, progress: Progress = silent
) -> tuple[BenchmarkReport, ...]:
    """Have each file measured in ``children`` fresh processes.

    The files take turns, as in `edgekit.devices.measure`. To cool down is to wait the whole time.

    Args:
        request: what, where and how.
        progress: told before each process.

    Returns:
        For each of the settings the reports in the order of ``files``.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UsageError: the phone lacks the processors asked for.
        EnvironmentMissingError: the phone or ``benchmark_model`` cannot be used.
        WorkerError: ``benchmark_model`` failed, or the phone went away; says of which file.
    """
    files, target = request.files, request.target
    facts = [facts_of(file) for file in files]
    steps = Counter(progress, len(files) * sum(each.children for each in request.settings))
    reports = []
    with opened(target, progress):
        for settings in request.settings:
            found = _all_processes(request, settings, steps)
            first = found[0][0]
            if any((e.tool, e.phone) != (first.tool, first.phone) for each in found for e in each):
                raise WorkerError(
                    "the phone or its benchmark_model changed meanwhile: measure again"
                )
            reports += [
                BenchmarkReport(
                    **identity(each, target),
                    settings=settings,
                    tool=first.tool,
                    phone=first.phone,
                    runs=tuple(BenchmarkRun(run.outcome, run.before, run.after) for run in runs),
                )
                for each, runs in zip(facts, found, strict=True)
            ]
    return tuple(reports)


def _all_processes(
    request: BenchmarkRequest, settings: MeasureSettings, steps: Counter
) -> list[list[Benchmarked]]:
    """Return what every process found, by file."""
    found: list[list[Benchmarked]] = [[] for _ in request.files]
    order = turns(len(request.files), settings.children, settings.seed)
    for done, number in enumerate(order):
        file = request.files[number]
        steps.begin(f"measuring {file.name}")
        if done:
            time.sleep(settings.cool_down_secs)
        try:
            found[number].append(request.target.benchmark(file.path, settings))
        except WorkerError as error:
            raise WorkerError(f"{file.path}: {error}", reason_code=error.reason_code) from error
    return found
