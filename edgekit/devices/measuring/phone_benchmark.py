"""Measure .tflite files on a phone with TFLite's ``benchmark_model``: statistics, no samples.

Its report is of a kind of its own. What rests on samples (an interval of the median, percentiles,
which runs were disturbed) cannot be had, and no result of it can be compared with one that has it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from edgekit import __version__
from edgekit.devices.measuring.latency import Progress, Request, identify, runtime_of, turns
from edgekit.devices.reports import benchmark_issues, file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.reports.issues import Issue
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Benchmarked, BenchmarkTarget
from edgekit.devices.targets.adb.phone import Phone, PhoneState
from edgekit.devices.targets.base import Tool
from edgekit.devices.targets.benchmark_output import Outcome, Statistics
from edgekit.errors import UsageError, WorkerError


@dataclass(frozen=True)
class BenchmarkRun:
    """What one process measured.

    Attributes:
        outcome: what ``benchmark_model`` printed.
        before: the phone's state before.
        after: the phone's state after.
    """

    outcome: Outcome
    before: PhoneState
    after: PhoneState


@dataclass(frozen=True)
class BenchmarkReport(FileReport):
    """How long a .tflite file takes on one phone.

    Attributes:
        settings: how; the seed is of the files' turns only, ``benchmark_model`` has its own inputs.
        tool: the ``benchmark_model`` that measured.
        phone: what it ran on.
        runs: what each process found, in order.
    """

    schema = "edgekit.benchmark-model"
    schema_version = 2

    settings: MeasureSettings
    tool: Tool
    phone: Phone
    runs: tuple[BenchmarkRun, ...]

    def __post_init__(self) -> None:
        if len(self.runs) != self.settings.children:
            raise ValueError(f"{len(self.runs)} runs, but {self.settings.children} children")

    @cached_property
    def timed(self) -> tuple[Statistics, ...]:
        """Statistics of each process's timed runs."""
        return tuple(run.outcome.timed for run in self.runs)

    @property
    def count(self) -> int:
        """Timed runs of all processes."""
        return sum(each.count for each in self.timed)

    @property
    def mean_ms(self) -> float:
        """The headline: the mean over all runs of all processes."""
        return sum(each.count * each.avg_us for each in self.timed) / self.count / 1e3

    @property
    def std_ms(self) -> float:
        """Standard deviation of all runs of all processes about ``mean_ms``."""
        mean_us = 1e3 * self.mean_ms
        squares = (e.count * (e.std_us**2 + (e.avg_us - mean_us) ** 2) for e in self.timed)
        return math.sqrt(sum(squares) / self.count) / 1e3

    @property
    def process_means_ms(self) -> tuple[float, ...]:
        """Mean of each process."""
        return tuple(each.avg_us / 1e3 for each in self.timed)

    @property
    def min_ms(self) -> float:
        """The shortest run."""
        return min(each.min_us for each in self.timed) / 1e3

    @property
    def max_ms(self) -> float:
        """The longest run."""
        return max(each.max_us for each in self.timed) / 1e3

    @property
    def first_run_ms(self) -> float:
        """Mean of the processes' very first runs."""
        firsts = [(run.outcome.warm_up or run.outcome.timed).first_us for run in self.runs]
        return math.fsum(firsts) / len(firsts) / 1e3

    @property
    def load_ms(self) -> float:
        """Mean time to load the file and prepare it to run."""
        return math.fsum(run.outcome.init_us for run in self.runs) / len(self.runs) / 1e3

    @property
    def memory_mb(self) -> float | None:
        """Most memory of any process, by its own measure; None if not printed."""
        found = (run.outcome.memory_mb for run in self.runs)
        return max((memory for memory in found if memory is not None), default=None)

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What makes this result doubtful, doubts first."""
        return benchmark_issues.find(self)

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers and issues, ready for JSON."""
        return {
            "count": self.count,
            "mean_ms": self.mean_ms,
            "std_ms": self.std_ms,
            "min_ms": self.min_ms,
            "max_ms": self.max_ms,
            "process_means_ms": list(self.process_means_ms),
            "first_run_ms": self.first_run_ms,
            "load_ms": self.load_ms,
            "memory_mb": self.memory_mb,
            "issues": [asdict(issue) for issue in self.issues],
        }


def benchmark_from_json(text: str) -> BenchmarkReport:
    """Read a report that `BenchmarkReport.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return file_report.read(BenchmarkReport, text, "benchmark_model report")


def benchmark(
    requests: Sequence[Request],
    settings: MeasureSettings,
    target: BenchmarkTarget,
    progress: Callable[[Progress], None] | None = None,
) -> list[BenchmarkReport]:
    """Have each file measured in ``settings.children`` fresh processes; return one report a file.

    The files take turns, as in `edgekit.devices.measure`. To cool down is to wait the whole time.

    Args:
        requests: what to measure; .tflite files only.
        settings: how.
        target: the phone.
        progress: called before each process.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UsageError: a file is no .tflite file, or the phone lacks the processors asked for.
        EnvironmentMissingError: the phone or ``benchmark_model`` cannot be used.
        WorkerError: ``benchmark_model`` failed, or the phone went away; says of which file.
    """
    for request in requests:
        if runtime_of(request) != "tflite":
            raise UsageError(f"{request.path}: benchmark_model runs .tflite files only")
    files = [identify(request.path) for request in requests]
    found: list[list[Benchmarked]] = [[] for _ in requests]
    total = len(requests) * settings.children
    for done, number in enumerate(turns(len(requests), settings.children, settings.seed)):
        request = requests[number]
        if progress is not None:
            progress(Progress(request, done, total))
        if done:
            time.sleep(settings.cool_down_secs)
        try:
            found[number].append(target.benchmark(request.path, settings))
        except WorkerError as error:
            raise WorkerError(f"{request.path}: {error}", reason_code=error.reason_code) from error
    first = found[0][0]
    if any((e.tool, e.phone) != (first.tool, first.phone) for each in found for e in each):
        raise WorkerError("the phone or its benchmark_model changed meanwhile: measure again")
    return [
        BenchmarkReport(
            file=str(request.path),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            model=request.model,
            precision=request.precision,
            macs=request.macs,
            target=target.name,
            edgekit_version=__version__,
            settings=settings,
            tool=first.tool,
            phone=first.phone,
            runs=tuple(BenchmarkRun(each.outcome, each.before, each.after) for each in runs),
        )
        for request, file, runs in zip(requests, files, found, strict=True)
    ]
