"""The result of running one file without a pause for long: what heat did to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.settings import SustainSettings
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import TimeWindow

THROTTLED = 1.05
"""Ratio of last to first minute from which a machine is said to throttle."""

_MINUTE_S = 60.0


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
    windows: tuple[TimeWindow, ...]
    states: tuple[Conditions, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.windows or len(self.states) != len(self.windows) + 1:
            raise ValueError(f"{len(self.windows)} windows, but {len(self.states)} states")

    @property
    def span_s(self) -> float:
        """How much of the start and of the end is compared: a minute, or half of a short run."""
        return min(_MINUTE_S, self.windows[-1].end_s / 2)

    @property
    def undisturbed(self) -> bool:
        """Whether every window has undisturbed runs: the medians then are of these alone."""
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

    def _median_ms(self, windows: list[TimeWindow]) -> float:
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
