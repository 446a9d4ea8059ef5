"""Long runs without a pause: the time series, what it comes to, and how it is printed.

No test asserts a time.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click
import pytest

from edgekit import devices
from edgekit.cli.shared.options import Duration
from edgekit.devices import ModelFile, SustainedReport, SustainRequest, SustainSettings
from edgekit.errors import RefusedError, UsageError, WorkerError
from edgekit.runtimes import timing
from edgekit.runtimes.jobs import SustainJob
from edgekit.runtimes.machine import Conditions
from edgekit.runtimes.timing import TimeSamples, TimeWindow
from tests.specimens.commands import Cli
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.printed.reports import CALM, INFO, MACHINE


def warm(degrees: float, khz: int) -> Conditions:
    return dataclasses.replace(CALM, temperatures_c={"cpu": degrees}, frequency_khz=khz)


def series(levels_ms: list[float], undisturbed: bool = True) -> SustainedReport:
    """One window of one second at each level; the machine warms up and slows down."""
    windows = [
        TimeWindow(n + 1.0, 100, 1e6 * ms + 5e5, 1e6 * ms if undisturbed or n else None)
        for n, ms in enumerate(levels_ms)
    ]
    states = [warm(40 + n, 2_400_000 - 1000 * n) for n in range(len(windows) + 1)]
    return SustainedReport(
        file="net.tflite",
        sha256="ab",
        size_bytes=10,
        model="net",
        precision=None,
        macs=None,
        target="local",
        edgekit_version="0.1.0",
        settings=SustainSettings(float(len(windows))),
        info=INFO,
        machine=MACHINE,
        windows=tuple(windows),
        states=tuple(states),
    )


def test_the_first_and_the_last_minute_are_compared() -> None:
    made = series([1.0] * 60 + [1.1] * 120 + [1.3] * 60)
    assert (made.span_s, made.first_ms, made.last_ms) == (60, 1.0, 1.3)
    assert made.ratio == pytest.approx(1.3)
    assert made.throttled
    assert made.temperatures_c == (40, 280)
    assert made.frequencies_khz == (2_400_000, 2_160_000)


def test_the_halves_of_a_short_run_are_compared() -> None:
    made = series([1.0] * 5 + [1.02] * 5)
    assert (made.span_s, made.first_ms, made.last_ms) == (5, 1.0, 1.02)
    assert not made.throttled
    odd = series([1.0, 9.0, 2.0])
    assert (odd.first_ms, odd.last_ms) == (1.0, 5.5)


def test_all_runs_count_if_some_window_was_disturbed_throughout() -> None:
    made = series([1.0] * 10, undisturbed=False)
    assert not made.undisturbed
    assert made.first_ms == 1.5


def test_a_machine_without_thermometer_has_no_temperature() -> None:
    made = series([1.0] * 4)
    blind = dataclasses.replace(CALM, temperatures_c=None, frequency_khz=None)
    made = dataclasses.replace(made, states=(blind,) * 5)
    assert (made.temperatures_c, made.frequencies_khz) == (None, None)


def test_a_window_sums_up_its_samples() -> None:
    found = timing.window(TimeSamples((5, 1, 9, 3), (0,) * 4, (0, 0, 1, 0)), 2.5)
    assert found == TimeWindow(2.5, 4, 4, 3)
    assert timing.window(TimeSamples((5,), (0,), (1,)), 1.0).undisturbed_median_ns is None


def test_reports_survive_json_exactly_and_check_themselves() -> None:
    made = series([1.0, 1.1, 1.2, 1.3])
    assert devices.sustained_from_json(made.to_json()) == made
    document = json.loads(made.to_json())
    document["states"].pop()
    with pytest.raises(RefusedError, match="4 windows, but 4 states"):
        devices.sustained_from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("0.5m", 30)]
)
def test_durations(text: str, expected: float) -> None:
    assert Duration()(text) == expected


@pytest.mark.parametrize("text", ["30", "m", "1d", "-1s", "1e9s"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(click.BadParameter, match="90s, 30m or 1h"):
        Duration()(text)


@pytest.mark.parametrize("changes", [{"secs": 1.9}, {"secs": float("inf")}, {"threads": 0}])
def test_settings_check_themselves(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="at least"):
        SustainSettings(**{"secs": 10.0, **changes})


def test_a_strange_answer_is_a_worker_error(tmp_path: Path) -> None:
    class Target:
        name = "fake"

        def run(self, job: SustainJob, timeout_s: float) -> dict[str, Any]:
            assert job.secs == 10
            assert timeout_s > 10
            return {}

    path = tmp_path / "net.tflite"
    path.write_text("x")
    with pytest.raises(WorkerError, match="not understood"):
        devices.sustain(
            SustainRequest((ModelFile(path),), (SustainSettings(10.0),), Target())  # type: ignore[arg-type]
        )


def test_a_real_file_runs_without_a_pause(cli: Cli, tmp_path: Path) -> None:
    path = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    code, out, err = cli("latency", path, "--sustained", "2s", "--json")
    assert code == 0
    (document,) = json.loads(out)["reports"]
    found = devices.sustained_from_json(json.dumps(document))
    assert found.windows[-1].end_s >= 2
    assert all(window.runs > 0 for window in found.windows)
    assert "running net.tflite for 2 s" in err


def test_the_table_names_the_throttled(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.tflite"
    path.write_text("x")
    monkeypatch.setattr("edgekit.devices.sustain", lambda *_: [series([1.0] * 60 + [1.5] * 60)])
    code, out, _ = cli("latency", path, "--sustained", "2m")
    assert code == 0
    for words in ("1.500", "12000", "40 to 160 C", "2.4 to 2.28 GHz", "50% slower: the machine"):
        assert words in out
    code, _, err = cli("latency", path, "--sustained", "soon")
    assert code == 2
    assert "a duration is such as" in err
