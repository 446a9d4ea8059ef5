"""Issues: each rule has a report that sets it off; the quiet one sets off none."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgekit.devices import MeasureSettings, Run
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.timing import WarmUp
from tests.specimens.printed.reports import CALM, INFO, MACHINE, codes, quiet, report, run, steady


def test_a_quiet_report_has_no_issues() -> None:
    assert report(quiet()).issues == ()


def with_run(**changes: Any) -> list[Run]:
    return [dataclasses.replace(quiet()[0], **changes), *quiet()[1:]]


def before(**changes: Any) -> list[Run]:
    return [
        dataclasses.replace(one, before=dataclasses.replace(CALM, **changes)) for one in quiet()
    ]


def info(**changes: Any) -> ModelInfo:
    return dataclasses.replace(INFO, **changes)


RISING = list(np.linspace(1.0, 1.1, 300))
NOISY = steady(noise=0.15)


def heating(cooled_secs: float) -> list[Run]:
    states = [dataclasses.replace(CALM, temperatures_c={"cpu": c}) for c in (40.0, 44.0, 50.0)]
    return [
        dataclasses.replace(one, before=state, cooled_secs=cooled_secs)
        for one, state in zip(quiet(), states, strict=True)
    ]


def throttled() -> list[Run]:
    slow = dataclasses.replace(CALM, frequency_khz=1_500_000)
    return [*quiet()[:2], dataclasses.replace(quiet()[2], after=slow)]


TRIGGERS = {
    "heat": report(heating(0.0)),
    "clock": report(throttled()),
    "few-runs": report([*quiet()[:2], run(steady(count=20))]),
    "wide-interval": report([run(steady(1.0)), run(steady(1.03)), run(steady(0.97))]),
    "wide-spread": report([run(NOISY)] * 3),
    "children-differ": report([run(steady(1.0)), run(steady(1.0)), run(steady(1.15))]),
    "drift": report([*quiet()[:2], run(RISING)]),
    "warm-up": report(with_run(warm_up=WarmUp(100, 5.0, stationary=False))),
    "governor": report(before(governors=("performance", "schedutil"))),
    "busy": report([run(steady(), ([1] + [0] * 4) * 60)] * 3),
    "load": report(before(load_average=3.5)),
    "crowded": report(quiet(), settings=MeasureSettings(threads=8)),
    "outputs-differ": report(with_run(outputs_sha256="01")),
    "timer": report([run(steady(0.02))] * 3),
    "outside-delegate": report(quiet(), info=info(operators_outside=("SOFTMAX",))),
    "partitions": report(quiet(), info=info(partitions=2)),
    "virtual-machine": report(quiet(), machine=dataclasses.replace(MACHINE, virtual=True)),
}


@pytest.mark.parametrize("code", TRIGGERS)
def test_each_issue_is_found(code: str) -> None:
    found = TRIGGERS[code]
    assert code in codes(found)
    assert all(issue.message and issue.advice for issue in found.issues)


def test_heat_asks_for_a_pause_or_for_a_longer_one() -> None:
    (alone,) = report(heating(0.0)).issues
    (after,) = report(heating(30.0)).issues
    assert "10 C hotter" in alone.message
    assert "after a wait of 30 s" in after.message
    assert "longer" in after.advice


def test_a_clock_that_idles_before_is_no_issue() -> None:
    idle = dataclasses.replace(CALM, frequency_khz=600_000)
    runs = [dataclasses.replace(one, before=idle) for one in quiet()]
    assert "clock" not in codes(report(runs))


def test_remarks_come_after_doubts() -> None:
    made = report(before(load_average=9.0), info=info(partitions=2))
    assert [(i.code, i.doubtful) for i in made.issues] == [("load", True), ("partitions", False)]


def test_what_cannot_be_read_is_no_issue() -> None:
    unknown = before(governors=None, load_average=None)
    made = report(unknown, info=info(partitions=None, delegate=None))
    assert made.issues == ()


def test_the_load_of_the_measurement_itself_is_no_issue() -> None:
    assert report(before(load_average=2.9)).issues == ()


def test_getting_faster_asks_for_a_longer_warm_up() -> None:
    made = report([*quiet()[:2], run(RISING[::-1])])
    (issue,) = [issue for issue in made.issues if issue.code == "drift"]
    assert "-6%" in issue.message
    assert issue.advice == "warm up for longer"
