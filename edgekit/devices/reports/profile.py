"""The result of profiling one file: where its time goes, by operator and by class of layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.reports.issues import machine, times
from edgekit.devices.reports.issues.issue import Issue, doubts_first
from edgekit.devices.settings import ProfileSettings
from edgekit.modelfile.layer_class import CLASSES, layer_class
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.operators import Operator, OperatorTime
from edgekit.runtimes.timing import TimeSamples, WarmUp

PROFILER = "profiler"
ALONE = "alone"
METHODS = {
    PROFILER: "ONNX Runtime's own profiler, in a session of its own after the whole was timed; the "
    "profiler's work, some microseconds, is in each operator's time, so the sum may exceed the "
    "whole and cheap operators look dearer than they are",
    ALONE: "each operator measured alone, repeated, a PAD together with the convolution after it "
    "and a DEQUANTIZE of weights with their reader, into which the delegate takes them; other "
    "fusions across operators do not happen there, so the sum may exceed the whole",
}
"""How operators were timed, in words that go beside the numbers."""


@dataclass(frozen=True)
class ProfileRun:
    """What one process measured.

    Attributes:
        samples: of the whole file, without a profiler.
        warm_up: how the warm-up before them went.
        times: of each operator.
        connections_lost: as in `edgekit.devices.Run`.
        before: the machine's state at the start.
        after: the same at the end.
    """

    samples: TimeSamples
    warm_up: WarmUp
    times: tuple[OperatorTime, ...]
    connections_lost: int
    before: Conditions
    after: Conditions


@dataclass(frozen=True)
class Cost:
    """Time and work of one operator, or of several together.

    Attributes:
        operators: how many.
        time_ms: time of one inference in them.
        macs: their multiply-accumulates.
        size_bytes: bytes they read and write: inputs, weights and outputs, each once.
    """

    operators: int
    time_ms: float
    macs: int
    size_bytes: int

    @property
    def gmacs_per_s(self) -> float | None:
        """Billions of multiply-accumulates a second; None if it has none, or no time."""
        return self.macs / self.time_ms / 1e6 if self.macs and self.time_ms > 0 else None

    @property
    def gbytes_per_s(self) -> float | None:
        """Billions of bytes a second; None without time."""
        return self.size_bytes / self.time_ms / 1e6 if self.time_ms > 0 else None

    @property
    def macs_per_byte(self) -> float | None:
        """Arithmetic intensity; None if nothing is read or written."""
        return self.macs / self.size_bytes if self.size_bytes else None


@dataclass(frozen=True)
class ProfileReport(FileReport):
    """Where the time of a model file goes, on one machine and runtime.

    Attributes:
        method: how operators were timed, a key of `METHODS`.
        settings: how it was measured.
        info: the file as the runtime describes it, with the runtime's version.
        machine: the machine it ran on.
        operators: as the runtime runs them, each once.
        runs: what each process measured.
    """

    schema = "edgekit.profile"
    schema_version = 2

    method: str
    settings: ProfileSettings
    info: ModelInfo
    machine: Machine
    operators: tuple[Operator, ...]
    runs: tuple[ProfileRun, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method not in METHODS:
            raise ValueError(f"unknown method {self.method!r}")
        if not self.runs or any(len(run.times) != len(self.operators) for run in self.runs):
            raise ValueError("every run has one time for each operator")

    @property
    def median_ms(self) -> float:
        """Of the whole file: median over the processes' medians."""
        return float(np.median([np.median(run.samples.wall_ns) for run in self.runs])) / 1e6

    @cached_property
    def costs(self) -> tuple[Cost, ...]:
        """Of each operator: median over the processes; what could not be measured counts as 0."""
        return tuple(
            Cost(1, self._time_ms(number), operator.macs, operator.size_bytes)
            for number, operator in enumerate(self.operators)
        )

    def _time_ms(self, number: int) -> float:
        times = [run.times[number].time_ns for run in self.runs]
        known = [time for time in times if time is not None]
        # A difference of two medians may lie below zero; a time cannot.
        return max(0.0, float(np.median(known)) / 1e6) if known else 0.0

    @cached_property
    def classes(self) -> dict[str, Cost]:
        """Of each class of layer that occurs, in the order of `CLASSES`."""
        found: dict[str, list[Cost]] = {name: [] for name in CLASSES}
        for operator, cost in zip(self.operators, self.costs, strict=True):
            found[layer_class(operator)].append(cost)
        return {name: _together(costs) for name, costs in found.items() if costs}

    @cached_property
    def whole(self) -> Cost:
        """Sum of all operators."""
        return _together(self.costs)

    @property
    def operator_samples(self) -> tuple[int, int]:
        """Timed runs behind an operator, in all processes: of the least and the most measured."""
        counts = [sum(run.times[n].samples for run in self.runs) for n in range(len(self.costs))]
        timed = [count for count in counts if count]  # some are timed with what follows them
        return (min(timed, default=0), max(timed, default=0))

    @property
    def cheapest_us(self) -> float:
        """Time of the operator with the least: about what a profiler adds to each."""
        return min((1e3 * cost.time_ms for cost in self.costs), default=0.0)

    @property
    def unmeasured(self) -> dict[str, str]:
        """Names of the operators that no process could measure, and why."""
        return {
            operator.name: times[0].reason
            for operator, *times in zip(
                self.operators, *(run.times for run in self.runs), strict=True
            )
            if all(time.time_ns is None for time in times)
        }

    @cached_property
    def issues(self) -> tuple[Issue, ...]:
        """What to know of how it was measured."""
        return doubts_first(
            times.warm_up([run.warm_up.stationary for run in self.runs]),
            machine.connection(sum(run.connections_lost for run in self.runs)),
        )

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON: ``operators`` in the report's order."""
        return {
            "method": METHODS[self.method],
            "median_ms": self.median_ms,
            "sum_ms": self.whole.time_ms,
            "classes": {name: _facts(cost) for name, cost in self.classes.items()},
            "operators": [
                {"name": operator.name, "class": layer_class(operator), **_facts(cost)}
                for operator, cost in zip(self.operators, self.costs, strict=True)
            ],
            "unmeasured": self.unmeasured,
            "issues": [asdict(issue) for issue in self.issues],
        }


def profile_from_json(text: str) -> ProfileReport:
    """Read a report that `ProfileReport.to_json` wrote.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return file_report.read(ProfileReport, text, "profile")


def _together(costs: Sequence[Cost]) -> Cost:
    return Cost(
        operators=len(costs),
        time_ms=math.fsum(cost.time_ms for cost in costs),
        macs=sum(cost.macs for cost in costs),
        size_bytes=sum(cost.size_bytes for cost in costs),
    )


def _facts(cost: Cost) -> dict[str, Any]:
    return {
        **asdict(cost),
        "gmacs_per_s": cost.gmacs_per_s,
        "gbytes_per_s": cost.gbytes_per_s,
        "macs_per_byte": cost.macs_per_byte,
    }
