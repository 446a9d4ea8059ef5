"""The result of measuring one file: raw samples kept, statistics and doubts derived."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.reports.issues import files, machine, times
from edgekit.devices.reports.issues.issue import Issue, doubts_first
from edgekit.devices.reports.run import Run
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.statistics import samples
from edgekit.files import documents
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Machine

START_UP = (
    "load_ms",
    "load_cpu_ms",
    "first_run_ms",
    "first_run_cpu_ms",
    "first_answer_ms",
    "first_answer_cpu_ms",
    "added_private_bytes",
)
"""Figures of starting, one a process."""


@dataclass(frozen=True)
class Spread:
    """A figure over processes.

    Attributes:
        median: of all.
        least: of any.
        most: of any.
    """

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class LatencyReport(FileReport):
    """How long a model file takes on one machine and runtime.

    Attributes:
        settings: how it was measured.
        info: the file as the runtime describes it, with the runtime's version.
        machine: the machine it ran on.
        runs: what each child measured, in order.
        weight_cache: ``off``, ``cold`` or ``warm``, where starting with and without one is compared
            (see `edgekit.runtimes.jobs.MeasureJob`); else empty.
    """

    schema = "edgekit.latency"
    schema_version = 4

    settings: MeasureSettings
    info: ModelInfo
    machine: Machine
    runs: tuple[Run, ...]
    weight_cache: str = documents.added("")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.runs) != self.settings.children:
            raise ValueError(f"{len(self.runs)} runs, but {self.settings.children} children")

    @cached_property
    def child_medians_ms(self) -> tuple[float, ...]:
        """Median wall time of each child."""
        return tuple(run.median_ms for run in self.runs)

    @property
    def median_ms(self) -> float:
        """The headline: the median of the children's medians."""
        return float(np.median(self.child_medians_ms))

    @cached_property
    def interval_ms(self) -> tuple[float, float]:
        """95 % bootstrap interval of ``median_ms``."""
        children = [run.wall_ms for run in self.runs]
        return samples.median_of_medians_interval(children, self.settings.seed)

    @property
    def smallest_change(self) -> float:
        """The change, as a part of the median, that four of five repetitions would show.

        Of two such measurements, taken by turns, of files that differ by that much.
        """
        return samples.smallest_change(self.child_medians_ms)

    @cached_property
    def wall_ms(self) -> samples.Values:
        """Wall times of all children's timed runs."""
        return np.concatenate([run.wall_ms for run in self.runs])

    @property
    def mean_ms(self) -> float:
        """Mean over all samples."""
        return float(np.mean(self.wall_ms))

    @property
    def min_ms(self) -> float:
        """Shortest sample."""
        return float(np.min(self.wall_ms))

    @property
    def mad_ms(self) -> float:
        """Median absolute deviation over all samples."""
        return samples.mad(self.wall_ms)

    def percentile_ms(self, percent: float) -> float | None:
        """Return a percentile over all samples; None if there are too few to state it."""
        return samples.percentile(self.wall_ms, percent)

    @property
    def undisturbed_fraction(self) -> float:
        """Share of samples during which the kernel never took a core away."""
        return sum(run.undisturbed_ms.size for run in self.runs) / self.wall_ms.size

    @property
    def undisturbed_median_ms(self) -> float | None:
        """The headline from undisturbed samples alone; None if there are none."""
        medians = [np.median(run.undisturbed_ms) for run in self.runs if run.undisturbed_ms.size]
        return float(np.median(medians)) if medians else None

    @property
    def load_ms(self) -> float:
        """Median time to load the file and prepare it to run."""
        return float(np.median([run.load_ms for run in self.runs]))

    @property
    def first_run_ms(self) -> float:
        """Median time of the very first run."""
        return float(np.median([run.first_run_ms for run in self.runs]))

    def spread(self, figure: str) -> Spread | None:
        """Return a figure of starting over the processes, such as ``load_ms``; None if unknown.

        Args:
            figure: the name of a number of `Run`.
        """
        found = [getattr(run, figure) for run in self.runs]
        return None if None in found else Spread(float(np.median(found)), min(found), max(found))

    @property
    def peak_memory_bytes(self) -> int:
        """Most resident memory any child held, runtime and Python included."""
        return max(run.peak_memory_bytes for run in self.runs)

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What makes this result doubtful, doubts first."""
        settings, starts = self.settings, [run.before for run in self.runs]
        return doubts_first(
            times.few_runs(min(run.wall_ms.size for run in self.runs), settings.num_runs),
            times.wide_interval(self.interval_ms, self.median_ms),
            times.wide_mad(self.mad_ms, self.median_ms),
            times.processes_differ(self.child_medians_ms, self.median_ms),
            times.drift([run.wall_ms for run in self.runs]),
            times.warm_up([run.warm_up.stationary for run in self.runs]),
            machine.governor(starts),
            times.interrupted(1 - self.undisturbed_fraction),
            machine.load(starts, self.machine, settings.threads),
            machine.heat(starts, max(run.cooled_secs for run in self.runs)),
            machine.clock([run.after for run in self.runs]),
            machine.crowded(starts, settings.threads),
            files.outputs_differ(self.file, [run.outputs_sha256 for run in self.runs]),
            times.timer(self.median_ms),
            files.delegate(self.info),
            machine.connection(sum(run.connections_lost for run in self.runs)),
            machine.virtual_machine(self.machine),
        )

    def _spread(self, figure: str) -> dict[str, float] | None:
        found = self.spread(figure)
        return None if found is None else asdict(found)

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers and issues, ready for JSON."""
        return {
            "median_ms": self.median_ms,
            "interval_ms": list(self.interval_ms),
            "smallest_change": self.smallest_change,
            "mean_ms": self.mean_ms,
            "min_ms": self.min_ms,
            "mad_ms": self.mad_ms,
            "p90_ms": self.percentile_ms(90),
            "p95_ms": self.percentile_ms(95),
            "p99_ms": self.percentile_ms(99),
            "samples": int(self.wall_ms.size),
            "undisturbed_fraction": self.undisturbed_fraction,
            "undisturbed_median_ms": self.undisturbed_median_ms,
            "load_ms": self.load_ms,
            "first_run_ms": self.first_run_ms,
            "peak_memory_bytes": self.peak_memory_bytes,
            "start_up": {name: self._spread(name) for name in START_UP},
            "issues": [asdict(issue) for issue in self.issues],
        }


def from_json(text: str) -> LatencyReport:
    """Read a report that `LatencyReport.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no latency report, is of another version, or is damaged.
    """
    return file_report.read(LatencyReport, text, "latency report")
