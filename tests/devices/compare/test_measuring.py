"""Files measured in turns, and comparisons as documents."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgekit import devices
from edgekit.devices import (
    CompareRequest,
    ModelFile,
)
from edgekit.devices.measuring.comparison import compare
from edgekit.errors import InvalidPathError, RefusedError, UsageError, WorkerError
from edgekit.runtimes.jobs import CompareJob
from tests.devices.compare.made import (
    CHILDREN,
    SETTINGS,
    comparison,
)
from tests.specimens.printed.reports import INFO, MACHINE, turns

# Files that take turns


class FakeTarget:
    """Answers at once with files at fixed levels, and remembers what was asked."""

    name = "fake"

    def __init__(self, *levels_ms: float, **changes: Any) -> None:
        self.jobs: list[CompareJob] = []
        self.levels_ms, self.changes = levels_ms, changes

    def run(self, job: CompareJob, timeout_s: float) -> dict[str, Any]:
        assert timeout_s == len(self.levels_ms) * SETTINGS.child_timeout_s
        self.jobs.append(job)
        answer = {
            "models": [dataclasses.asdict(INFO)] * len(self.levels_ms),
            "machine": dataclasses.asdict(MACHINE),
            "run": dataclasses.asdict(turns(*self.levels_ms)),
        }
        changes = {k: v(len(self.jobs)) if callable(v) else v for k, v in self.changes.items()}
        return json.loads(json.dumps({**answer, **changes}))


def requests(folder: Path, count: int) -> list[ModelFile]:
    paths = [folder / f"{number}.tflite" for number in range(count)]
    for path in paths:
        path.write_text(path.name)
    return [ModelFile(path, model=path.stem) for path in paths]


def test_several_candidates_are_compared_in_one_go(tmp_path: Path) -> None:
    target, seen = FakeTarget(1.0, 1.1, 0.9, 1.0), []
    base, *candidates = requests(tmp_path, 4)
    request = CompareRequest(base, tuple(candidates), SETTINGS, target)  # type: ignore[arg-type]
    found = compare(request, seen.append)
    assert [each.verdict for each in found.contrasts] == ["slower", "faster", "same"]
    assert [each.ratio for each in found.contrasts] == pytest.approx([1.1, 0.9, 1.0], rel=1e-3)
    assert [(step.done, step.total) for step in seen] == [(n, CHILDREN) for n in range(CHILDREN)]
    assert [Path(file.path).name for file in target.jobs[0].files] == [
        "0.tflite", "1.tflite", "2.tflite", "3.tflite",
    ]  # fmt: skip
    assert len({job.order_seed for job in target.jobs}) == CHILDREN
    assert len({job.seed for job in target.jobs}) == 1
    assert (found.base.model, [each.model for each in found.candidates]) == ("0", ["1", "2", "3"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"more": 1}, r"process 1 of 4: the worker's answer is not understood: .*\['more'\]"),
        ({"models": []}, "about 0 files, not 2"),
        (
            {"machine": lambda n: {**dataclasses.asdict(MACHINE), "cores": n}},
            "a file, a runtime or the machine changed meanwhile",
        ),
    ],
)
def test_strange_answers_are_worker_errors(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    base, candidate = requests(tmp_path, 2)
    with pytest.raises(WorkerError, match=message):
        compare(CompareRequest(base, (candidate,), SETTINGS, FakeTarget(1, 1, **changes)))  # type: ignore[arg-type]


def test_a_comparison_needs_a_candidate_and_files_that_exist(tmp_path: Path) -> None:
    target = FakeTarget(1, 1)
    (base,) = requests(tmp_path, 1)
    with pytest.raises(UsageError, match="needs a candidate"):
        CompareRequest(base, ())
    missing = ModelFile(tmp_path / "none.tflite")
    with pytest.raises(InvalidPathError, match=r"none\.tflite"):
        compare(CompareRequest(base, (missing,), SETTINGS, target))  # type: ignore[arg-type]
    assert target.jobs == []


def test_emulated_time_is_refused(tmp_path: Path) -> None:
    base, candidate = requests(tmp_path, 2)
    emulated = FakeTarget(1, 1)
    emulated.processor = "Cortex-A53"  # type: ignore[attr-defined]
    emulated.probe = emulated.count = emulated.run  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="time means nothing") as caught:
        compare(CompareRequest(base, (candidate,), SETTINGS, emulated))  # type: ignore[arg-type]
    assert caught.value.reason_code == "emulated-time"


def test_comparisons_survive_json_exactly() -> None:
    made = comparison(1.0, 1.05, 2.0)
    text = made.to_json()
    assert devices.comparison_from_json(text) == made
    (slower, twice) = json.loads(text)["summary"]["contrasts"]
    assert (slower["verdict"], twice["verdict"]) == ("slower", "slower")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda d: d["runs"].pop(), "3 runs, but 4 children"),
        (lambda d: d["subjects"].pop(), "a base and candidates"),
        (lambda d: d["runs"][0]["blocks"].pop(), "no whole rounds"),
        (lambda d: d["runs"][0]["blocks"][0].update(file=1), "two blocks of each file"),
        (lambda d: d.update(schema_version=1), "comparison version 1"),
    ],
)
def test_damaged_comparisons_are_refused(
    edit: Callable[[dict[str, Any]], object], message: str
) -> None:
    document = json.loads(comparison(1.0, 1.1).to_json())
    edit(document)
    with pytest.raises(RefusedError, match=message):
        devices.comparison_from_json(json.dumps(document))
