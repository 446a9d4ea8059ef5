"""Run one file without a pause for long, to see what heat does to it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from edgekit import __version__
from edgekit.devices.measuring.latency import Request, identify, runtime_of
from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.targets import Target, refuse_emulated
from edgekit.errors import UsageError, WorkerError
from edgekit.files import documents
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import Window

THROTTLED = 1.05
"""Ratio of last to first minute from which a machine is said to throttle."""

_MINUTE_S = 60.0
_TIMEOUT_S = 300.0  # beyond the planned time, to start, load and finish the last run


@dataclass(frozen=True)
class SustainSettings:
    """How long to run.

    Attributes:
        secs: seconds without a pause.
        window_secs: of one entry of the time series.
        threads: threads the runtime may compute with.
        cpus: processors to run on, as in `edgekit.devices.MeasureSettings`.
        seed: of the random inputs.

    Raises:
        UsageError: a value is out of its range.
    """

    secs: float
    window_secs: float = 1.0
    threads: int = 1
    cpus: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.secs) and 0 < 2 * self.window_secs <= self.secs):
            raise UsageError(
                f"a sustained run takes at least {2 * self.window_secs:g} s, not {self.secs:g}"
            )
        if self.threads < 1:
            raise UsageError(f"threads must be at least 1, not {self.threads}")


@dataclass(frozen=True)
class SustainedReport(FileReport):
    """A file's time over a long run, from the very first runs on.

    Attributes:
        settings: how long it ran.
        info: the file as the runtime describes it, with the runtime's version.
        machine: the machine it ran on.
        windows: the time series.
        states: the machine's state at the start and after each window.
    """

    schema = "edgekit.sustained"
    schema_version = 1

    settings: SustainSettings
    info: ModelInfo
    machine: Machine
    windows: tuple[Window, ...]
    states: tuple[Conditions, ...]

    def __post_init__(self) -> None:
        if not self.windows or len(self.states) != len(self.windows) + 1:
            raise ValueError(f"{len(self.windows)} windows, but {len(self.states)} states")

    @property
    def span_s(self) -> float:
        """How much of the start and of the end is compared: a minute, or half of a short run."""
        return min(_MINUTE_S, self.windows[-1].end_s / 2)

    @property
    def undisturbed(self) -> bool:
        """Whether only runs that the kernel did not interrupt are gone by: each window has some."""
        return all(window.undisturbed_median_ns is not None for window in self.windows)

    @property
    def first_ms(self) -> float:
        """Median over the windows' medians of the first minute."""
        return self._median_ms([w for w in self.windows if w.end_s <= self.span_s])

    @property
    def last_ms(self) -> float:
        """The same of the last minute."""
        start = self.windows[-1].end_s - self.span_s
        return self._median_ms([w for w in self.windows if w.end_s > start])

    @property
    def ratio(self) -> float:
        """Last over first: above 1 the machine became slower."""
        return self.last_ms / self.first_ms

    @property
    def throttled(self) -> bool:
        """Whether it became slower by more than 5 %."""
        return self.ratio > THROTTLED

    @property
    def temperatures_c(self) -> tuple[float, float] | None:
        """Temperature of the hottest zone at the start and at its highest; None if unknown."""
        hottest = [max(s.temperatures_c.values()) for s in self.states if s.temperatures_c]
        return (hottest[0], max(hottest)) if hottest else None

    @property
    def frequencies_khz(self) -> tuple[int, int] | None:
        """Clock at the start and at the end; None if unknown."""
        clocks = [s.frequency_khz for s in self.states if s.frequency_khz is not None]
        return (clocks[0], clocks[-1]) if clocks else None

    def _median_ms(self, windows: list[Window]) -> float:
        if self.undisturbed:
            times = [w.undisturbed_median_ns for w in windows if w.undisturbed_median_ns]
        else:
            times = [w.median_ns for w in windows]
        # A run longer than the whole span leaves none that ended within it.
        return float(np.median(times or [self.windows[0].median_ns])) / 1e6

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""
        return {
            "span_s": self.span_s,
            "first_ms": self.first_ms,
            "last_ms": self.last_ms,
            "ratio": self.ratio,
            "throttled": self.throttled,
            "undisturbed": self.undisturbed,
            "temperatures_c": self.temperatures_c,
            "frequencies_khz": self.frequencies_khz,
        }


def sustained_from_json(text: str) -> SustainedReport:
    """Read a report that `SustainedReport.to_json` wrote.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return file_report.read(SustainedReport, text, "sustained report")


@dataclass(frozen=True)
class _Answer:
    model: ModelInfo
    machine: Machine
    windows: tuple[Window, ...]
    states: tuple[Conditions, ...]


def sustain(request: Request, settings: SustainSettings, target: Target) -> SustainedReport:
    """Run a file without a pause in one fresh process, and keep the time series.

    Raises:
        InvalidPathError: the file does not exist or cannot be read.
        UsageError: its suffix belongs to no runtime, and none was named.
        RefusedError: the target is an emulated machine, on which time means nothing.
        WorkerError: the process died, hung or answered nonsense.
        EdgekitError: whatever the worker itself raised.
    """
    refuse_emulated(target)
    file = identify(request.path)
    job = {
        "task": "sustain",
        "runtime": runtime_of(request),
        "path": str(request.path.absolute()),
        **asdict(settings),
    }
    answer = target.run(job, settings.secs + _TIMEOUT_S)
    try:
        found = documents.decode(_Answer, answer)
        return SustainedReport(
            file=str(request.path),
            sha256=file.sha256,
            size_bytes=file.size_bytes,
            model=request.model,
            precision=request.precision,
            macs=request.macs,
            target=target.name,
            edgekit_version=__version__,
            settings=settings,
            info=found.model,
            machine=found.machine,
            windows=found.windows,
            states=found.states,
        )
    except ValueError as error:
        raise WorkerError(f"the worker's answer is not understood: {error}") from error
