"""What makes a measurement with ``benchmark_model`` doubtful, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from edgekit.devices.reports import issues
from edgekit.devices.reports.issues import LEAST_SAMPLES, WIDEST_CHILDREN, Issue

if TYPE_CHECKING:
    from edgekit.devices.measuring.phone_benchmark import BenchmarkReport
    from edgekit.devices.targets.adb.phone import PhoneState

# As a part of the mean; other benchmark tools also start to warn there.
WIDEST_STD = 0.10
# Android's THERMAL_STATUS_MODERATE: from here on it slows down what runs.
THROTTLING = 2
# Below this, phones save power.
LEAST_BATTERY_PERCENT = 30
# Above this, many phones slow down before Android says so.
HOTTEST_BATTERY_C = 40.0

Rule = Callable[["BenchmarkReport"], Iterator[Issue]]


def find(report: BenchmarkReport) -> tuple[Issue, ...]:
    """Return every issue of a report, doubts first."""
    return issues.by(_RULES, report)


def _states(report: BenchmarkReport) -> list[PhoneState]:
    return [state for run in report.runs for state in (run.before, run.after)]


def _few_runs(report: BenchmarkReport) -> Iterator[Issue]:
    fewest = min(each.count for each in report.timed)
    if fewest < max(LEAST_SAMPLES, report.settings.num_runs):
        yield Issue(
            "few-runs", f"a process made only {fewest} runs", "raise --max-secs or --num-runs"
        )


def _wide_spread(report: BenchmarkReport) -> Iterator[Issue]:
    spread = report.std_ms / report.mean_ms
    if spread > WIDEST_STD:
        yield Issue(
            "wide-spread",
            f"the standard deviation is {spread:.0%} of the mean",
            "take --cpus big, close other apps, or let the phone cool down",
        )


def _processes_differ(report: BenchmarkReport) -> Iterator[Issue]:
    means = report.process_means_ms
    spread = (max(means) - min(means)) / report.mean_ms
    if spread > WIDEST_CHILDREN:
        yield Issue(
            "children-differ",
            f"the processes' means lie {spread:.0%} apart",
            "measure again when the phone is at rest",
        )


def _thermal(report: BenchmarkReport) -> Iterator[Issue]:
    known = [s.thermal_status for s in _states(report) if s.thermal_status is not None]
    if known and max(known) >= THROTTLING:
        yield Issue(
            "thermal-status",
            f"Android's thermal status reached {max(known)}: it slowed down what ran",
            "let the phone cool down until it is 0",
        )


def _battery(report: BenchmarkReport) -> Iterator[Issue]:
    levels = [s.battery_percent for s in _states(report) if s.battery_percent is not None]
    if levels and min(levels) < LEAST_BATTERY_PERCENT:
        yield Issue(
            "battery-low", f"the battery was down to {min(levels)} %", "charge the phone first"
        )
    warmth = [s.battery_c for s in _states(report) if s.battery_c is not None]
    if warmth and max(warmth) >= HOTTEST_BATTERY_C:
        yield Issue(
            "battery-hot",
            f"the battery reached {max(warmth):.1f} C",
            "let the phone cool down, out of its case and not charging",
        )


def _delegates_differ(report: BenchmarkReport) -> Iterator[Issue]:
    if len({run.outcome.delegate for run in report.runs}) > 1:
        yield Issue(
            "delegates-differ",
            "the processes gave unlike parts of the graph to a delegate",
            "measure again",
        )


def _any_core(report: BenchmarkReport) -> Iterator[Issue]:
    if report.settings.cpus is None and len(report.phone.clusters) > 1:
        yield Issue(
            "any-core",
            f"the phone has {len(report.phone.clusters)} kinds of cores, and Android chose among "
            "them",
            "take --cpus big or --cpus little",
        )


_RULES: tuple[Rule, ...] = (
    _few_runs,
    _wide_spread,
    _processes_differ,
    _thermal,
    _battery,
    _delegates_differ,
    _any_core,
)
