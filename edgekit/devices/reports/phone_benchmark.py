"""The result of ``benchmark_model`` on a phone: statistics, no samples.

What rests on samples (an interval of the median, percentiles, which runs were disturbed) cannot be
had, and no result of it can be compared with one that has it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.reports.issues import phone, times
from edgekit.devices.reports.issues.issue import Issue, doubts_first
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets.benchmark_output import Outcome, Statistics
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Phone, PhoneState


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
    tool: BenchmarkProgram
    phone: Phone
    runs: tuple[BenchmarkRun, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
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
        states = [state for run in self.runs for state in (run.before, run.after)]
        return doubts_first(
            times.few_runs(min(each.count for each in self.timed), self.settings.num_runs),
            times.wide_std(self.std_ms, self.mean_ms),
            times.processes_differ(self.process_means_ms, self.mean_ms),
            phone.thermal_status(states),
            phone.battery(states),
            phone.delegates_differ([run.outcome.delegate for run in self.runs]),
            phone.any_core(self.phone, self.settings.cpus),
        )

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
