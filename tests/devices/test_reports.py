"""Reports as files: what is read back, and what is refused.

`tests/golden/latency_vww.json` is a report recorded once on a real machine.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit import devices
from edgekit.devices.reports.file_report import LARGEST_COUNT
from edgekit.errors import RefusedError
from tests.specimens.reports import SAMPLES, codes, quiet, report, run

GOLDEN = Path(__file__).parents[1] / "golden" / "latency_vww.json"


def test_the_recorded_report_replays() -> None:
    text = GOLDEN.read_text()
    recorded = devices.latency_from_json(text)
    assert recorded.info.operators["CONV_2D"] == 14
    derived, stored = recorded.summary(), json.loads(text)["summary"]
    low, high = derived["interval_ms"]
    assert low <= recorded.median_ms <= high
    # The interval depends on numpy's random stream, which may change between versions.
    for key in derived.keys() - {"interval_ms", "issues"}:
        assert derived[key] == pytest.approx(stored[key])
    assert "virtual-machine" in codes(recorded)


@given(
    st.lists(SAMPLES, min_size=3, max_size=4),
    st.floats(0, 1e6),
    st.text(max_size=5),
    st.none() | st.integers(0, LARGEST_COUNT),
)
def test_reports_survive_json_exactly(
    children: list[list[float]], load_ms: float, model: str, macs: int | None
) -> None:
    runs = [dataclasses.replace(run(child), load_ms=load_ms) for child in children]
    made = report(runs, model=model, macs=macs)
    assert devices.latency_from_json(made.to_json()) == made


def test_a_report_that_could_not_be_read_back_is_not_made() -> None:
    runs = [run([1.0]) for _ in range(3)]
    made = report(runs, macs=LARGEST_COUNT)
    assert devices.latency_from_json(made.to_json()) == made
    for count in (LARGEST_COUNT + 1, -1):
        with pytest.raises(ValueError, match="64 bits"):
            report(runs, macs=count)


def edited(**changes: Any) -> str:
    document = json.loads(report(quiet()).to_json())
    return json.dumps({**document, **changes})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "not an edgekit latency report"),
        ("[]", "not an edgekit latency report"),
        ("{}", "not an edgekit latency report"),
        (edited(schema_version=1), "latency version 1, but this edgekit reads .* version 4"),
        (edited(schema="other"), "this is other version 4"),
        (edited(colour="red"), r"unknown keys \['colour'\]"),
        (edited(runs=[]), "damaged: 0 runs, but 3 children"),
        (edited(size_bytes="big"), r"size_bytes: expected int, got str"),
        (edited(settings={}), "missing keys"),
    ],
)
def test_other_documents_are_refused(text: str, message: str) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        devices.latency_from_json(text)
    assert caught.value.reason_code == "unreadable-report"
