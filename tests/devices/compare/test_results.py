"""Result files compared: what is paired, and what is too unlike."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from edgekit import devices
from edgekit.devices import (
    MeasureSettings,
    TimePair,
)
from edgekit.devices.stored_results.result_file import read
from edgekit.errors import InvalidPathError, RefusedError, UsageError
from tests.devices.compare.made import (
    comparison,
    latencies,
    latency,
    written,
)
from tests.specimens.printed.reports import CALM, INFO, MACHINE, report, steady
from tests.specimens.printed.reports import run as made_run

# Result files


def compared(base: Path, candidate: Path, *, force: bool = False) -> tuple[TimePair, ...]:
    found = devices.compare_results(base, candidate, force=force)
    assert found.counts == ()
    return found.times


def test_two_latencies_are_compared_from_their_samples(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latencies(latency()))
    new = written(tmp_path / "new.json", latency(1.2, 1.201, 1.199, model="other"))
    (pair,) = compared(old, new)
    assert pair.contrast.verdict == "slower"
    assert pair.contrast.ratio == pytest.approx(1.2, rel=1e-3)
    assert pair.differences == ()


def test_several_measurements_are_paired_by_what_they_are_of(tmp_path: Path) -> None:
    ort = dataclasses.replace(INFO, runtime="onnxruntime")
    old = written(tmp_path / "old.json", latencies(latency(), latency(info=ort)))
    fast = latency(0.5, 0.501, 0.499, info=ort)
    new = written(tmp_path / "new.json", latencies(fast, latency(), latency(model="more")))
    pairs = compared(old, new)
    found = {pair.candidate.key: pair.contrast.verdict for pair in pairs}
    assert found == {("net", "onnxruntime", 1): "faster", ("net", "tflite", 1): "same"}


def test_an_earlier_comparison_is_a_result_file_too(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", comparison(1.0, 1.1))
    new = written(tmp_path / "new.json", comparison(1.0, 1.3))
    assert [each.key[0] for each in read(old)] == ["net0", "net1"]
    same, slower = compared(old, new)
    assert (same.contrast.verdict, slower.contrast.verdict) == ("same", "slower")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"machine": dataclasses.replace(MACHINE, cpu="Cortex-A53")}, "cpu Cortex-A76 and Corte"),
        ({"machine": dataclasses.replace(MACHINE, kernel="Linux 6.6")}, "kernel Linux 6.1 and"),
        ({"info": dataclasses.replace(INFO, runtime_version="ai-edge-litert 2.4.0")}, "runtime ai"),
        ({"settings": MeasureSettings(threads=2)}, "threads 1 and 2"),
    ],
)
def test_unlike_conditions_are_refused_unless_forced(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    old = written(tmp_path / "old.json", latency())
    new = written(tmp_path / "new.json", latency(**changes))
    with pytest.raises(RefusedError, match=message) as caught:
        compared(old, new)
    assert caught.value.reason_code == "unlike-conditions"
    (pair,) = compared(old, new, force=True)
    assert len(pair.differences) == 1


def test_another_governor_or_processor_is_another_condition(tmp_path: Path) -> None:
    other = dataclasses.replace(CALM, governors=("powersave",), affinity=(0, 1))
    runs = [dataclasses.replace(made_run(steady()), before=other)] * 3
    new = written(tmp_path / "new.json", report(runs))
    with pytest.raises(RefusedError, match="governor performance and powersave; processors 0, 1"):
        compared(written(tmp_path / "old.json", latency()), new)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "edgekit.model"}', '{"schema": "edgekit.latencies"}']
)
def test_other_documents_are_no_result_files(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusedError, match=r"other\.json holds no result") as caught:
        read(written(tmp_path / "other.json", text))
    assert caught.value.reason_code == "unreadable-report"


def test_unreadable_result_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match=r"none\.json: No such file"):
        read(tmp_path / "none.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RefusedError, match=r"binary\.json holds no result"):
        read(tmp_path / "binary.json")
    document = json.loads(latency().to_json())
    damaged = written(tmp_path / "damaged.json", json.dumps({**document, "runs": []}))
    with pytest.raises(RefusedError, match=r"damaged\.json: this latency report is damaged"):
        read(damaged)


def test_results_without_a_common_measurement_are_a_mistake(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", latencies(latency(), latency(model="b")))
    new = written(tmp_path / "new.json", latency(model="c"))
    with pytest.raises(UsageError, match="in common"):
        compared(old, new)
    twice = written(tmp_path / "twice.json", latencies(latency(), latency()))
    with pytest.raises(UsageError, match=r"twice\.json has net on tflite twice"):
        compared(twice, old)
