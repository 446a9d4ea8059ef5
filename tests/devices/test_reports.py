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
from tests.specimens.printed.reports import SAMPLES, codes, quiet, report, run

GOLDEN = Path(__file__).parents[1] / "golden" / "latency_vww.json"


def test_the_recorded_report_replays() -> None:
    text = GOLDEN.read_text()
    recorded = devices.latency_from_json(text)
    assert recorded.info.operators["CONV_2D"] == 14
    derived, stored = recorded.summary(), json.loads(text)["summary"]
    low, high = derived["interval_ms"]
    assert low <= recorded.median_ms <= high
    # The interval depends on numpy's random stream, which may change between versions.
    assert derived.keys() - stored.keys() == {"start_up"}, "what later versions add"
    for key in stored.keys() - {"interval_ms", "issues"}:
        assert derived[key] == pytest.approx(stored[key])
    assert "virtual-machine" in codes(recorded)


def test_what_older_reports_do_not_say_is_unknown() -> None:
    recorded = devices.latency_from_json(GOLDEN.read_text())
    assert recorded.weight_cache == ""
    assert recorded.runs[0].private_memory_bytes is None
    assert recorded.spread("added_private_bytes") is None
    assert recorded.summary()["start_up"]["load_cpu_ms"] is None
    found = recorded.spread("first_answer_ms")
    assert found is not None
    sums = [each.load_ms + each.first_run_ms for each in recorded.runs]
    assert (found.least, found.most) == (min(sums), max(sums))
    document = json.loads(GOLDEN.read_text())
    del document["runs"][0]["load_ms"]  # it was always there
    with pytest.raises(RefusedError, match="load_ms"):
        devices.latency_from_json(json.dumps(document))


def test_private_memory_is_what_the_first_answer_added() -> None:
    page, mb = 4096, 1 << 20
    runs = [
        dataclasses.replace(
            run([1.0] * 60), private_memory_before_load_bytes=9 * mb, private_memory_bytes=each
        )
        for each in (8 * mb, 12 * mb, 11 * mb)
    ]
    found = report(runs).spread("added_private_bytes")
    assert found is not None
    assert (found.least, found.median, found.most) == (page, 2 * mb, 3 * mb)


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
