"""Numbers of a phone's report, and the doubts that it raises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgekit.devices import (
    BenchmarkReport,
)
from edgekit.devices.reports.phone_benchmark import BenchmarkRun
from edgekit.devices.targets.adb.phone import read_facts
from edgekit.devices.targets.benchmark_output import Outcome, Statistics
from edgekit.devices.targets.phone_facts import BenchmarkProgram, Cluster, PhoneState
from tests.targets.adb.asked import BRIEF

STATE = PhoneState(80, 30.0, "full", 0, None, None, None, None)


def _report(*timed: Statistics, state: PhoneState = STATE, kinds: int = 1) -> BenchmarkReport:
    clusters = tuple(Cluster((number,), 1 + number, None) for number in range(kinds))
    outcomes = [Outcome(each, None, 100.0, None, None, None) for each in timed]
    return BenchmarkReport(
        "net.tflite", "0" * 64, 1, None, None, None, "adb:x", "0", BRIEF,
        BenchmarkProgram("/b", None), replace(read_facts(""), clusters=clusters),
        tuple(BenchmarkRun(outcome, STATE, state) for outcome in outcomes),
    )  # fmt: skip


def _statistics(samples: np.ndarray) -> Statistics:
    numbers = (samples[0], samples.min(), samples.max(), samples.mean(), samples.std())
    return Statistics(len(samples), *map(float, numbers), None)


def _steady(mean: float = 1000.0, spread: float = 0.01, count: int = 50) -> Statistics:
    return _statistics(mean * (1 + spread * np.tile([-1.0, 1.0], count // 2)))


def test_the_headline_is_that_of_all_runs_together() -> None:
    generator = np.random.default_rng(0)
    each = [generator.gamma(9, 100 + 20 * number, 40 + 10 * number) for number in range(3)]
    report, every = _report(*map(_statistics, each)), np.concatenate(each) / 1e3
    assert report.count == every.size
    assert report.mean_ms == pytest.approx(every.mean())
    assert report.std_ms == pytest.approx(every.std())
    assert (report.min_ms, report.max_ms) == pytest.approx((every.min(), every.max()))


DOUBTS = [
    (_report(*[_steady()] * 3), []),
    (_report(*[_steady(count=10)] * 3), ["few-runs"]),
    (_report(*[_steady(spread=0.2)] * 3), ["wide-spread"]),
    (_report(_steady(), _steady(), _steady(1150)), ["children-differ"]),
    (_report(*[_steady()] * 3, state=replace(STATE, thermal_status=2)), ["thermal-status"]),
    (_report(*[_steady()] * 3, state=replace(STATE, battery_percent=12)), ["battery-low"]),
    (_report(*[_steady()] * 3, state=replace(STATE, battery_c=41.5)), ["battery-hot"]),
    (_report(*[_steady()] * 3, kinds=2), ["any-core"]),
]


@pytest.mark.parametrize(("report", "codes"), DOUBTS)
def test_each_doubt_is_said(report: BenchmarkReport, codes: list[str]) -> None:
    assert [issue.code for issue in report.issues] == codes
