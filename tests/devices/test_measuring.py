"""Room devices: settings, targets, and measuring, with a fake target and with real children.

No test asserts a time.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgekit import devices
from edgekit.devices import LatencyReport, MeasureRequest, MeasureSettings, ModelFile, Probe
from edgekit.errors import (
    InvalidPathError,
    UnknownNameError,
    UnreadableModelError,
    UsageError,
    WorkerError,
)
from edgekit.runtimes.jobs import MeasureJob
from tests.specimens.printed.reports import INFO, MACHINE, codes, quiet

# Settings and targets


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"children": 2}, "children must be at least 3, not 2"),
        ({"threads": 0}, "threads"),
        ({"num_runs": 0}, "num_runs"),
        ({"min_secs": -1}, "min_secs"),
        ({"min_secs": 40.0}, "max_secs must be at least 40, not 30"),
        ({"max_secs": float("inf")}, "max_secs"),
        ({"warmup_secs": float("nan")}, "warmup_secs"),
        ({"timeout_s": 0}, "timeout_s"),
    ],
)
def test_settings_check_themselves(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        MeasureSettings(**changes)


def test_a_child_may_take_its_planned_time_and_more() -> None:
    assert MeasureSettings(max_secs=60, warmup_secs=2, timeout_s=100).child_timeout_s == 170


def test_targets_are_found_by_name() -> None:
    target = devices.resolve_target("local")
    assert target.name == "local"
    assert target.probe().runtimes["onnxruntime"]
    with pytest.raises(UnknownNameError, match="did you mean local"):
        devices.resolve_target("locale")
    with pytest.raises(UsageError, match="takes no address"):
        devices.resolve_target("local:here")


# Measuring


class FakeTarget:
    """Answers at once from a list of samples, and remembers what was asked."""

    name = "fake"

    def __init__(self, fail_at: int | None = None, **answer: Any) -> None:
        self.asked: list[str] = []
        self.fail_at = fail_at
        self.answer = answer

    def probe(self) -> Probe:
        return Probe(MACHINE, {})

    def run(self, job: MeasureJob, timeout_s: float) -> dict[str, Any]:
        assert timeout_s == MeasureSettings().child_timeout_s
        if len(self.asked) == self.fail_at:
            raise WorkerError("the worker was killed by SIGKILL")
        self.asked.append(Path(job.path).name)
        parts = {"model": INFO, "machine": MACHINE, "run": quiet()[0]}
        answer = {key: dataclasses.asdict(value) for key, value in parts.items()}
        return json.loads(json.dumps({**answer, **self.answer}))


def files(folder: Path, count: int) -> tuple[ModelFile, ...]:
    paths = [folder / f"{number}.tflite" for number in range(count)]
    for path in paths:
        path.write_text(path.name)
    return tuple(ModelFile(path, model=path.stem) for path in paths)


def measured(
    files: tuple[ModelFile, ...], settings: MeasureSettings, target: Any
) -> tuple[LatencyReport, ...]:
    return devices.measure(MeasureRequest(files, (settings,), target))


def test_files_take_turns_in_changing_order(tmp_path: Path) -> None:
    target, seen = FakeTarget(), []
    requests = files(tmp_path, 6)
    request = MeasureRequest(requests, target=target)
    reports = devices.measure(request, seen.append)
    names = [request.path.name for request in requests]
    rounds = [target.asked[start : start + 6] for start in range(0, 18, 6)]
    assert all(sorted(one) == names for one in rounds)
    assert len({tuple(one) for one in rounds}) > 1
    assert [found.model for found in reports] == [str(n) for n in range(6)]
    assert [(p.done, p.total) for p in seen] == [(n, 18) for n in range(18)]
    assert [f"{p.activity}.tflite" for p in seen] == [f"measuring {name}" for name in target.asked]
    again = FakeTarget()
    measured(requests, MeasureSettings(), again)
    assert again.asked == target.asked


def test_all_children_but_the_first_cool_down(tmp_path: Path) -> None:
    jobs: list[MeasureJob] = []
    warm = dataclasses.replace(quiet()[0].before, temperatures_c={"cpu": 40.0, "gpu": 38.0})
    run = dataclasses.asdict(dataclasses.replace(quiet()[0], before=warm))
    settings = MeasureSettings(cool_down_secs=30)

    class Target(FakeTarget):
        def run(self, job: MeasureJob, timeout_s: float) -> dict[str, Any]:
            assert timeout_s == MeasureSettings().child_timeout_s + 30
            jobs.append(job)
            return super().run(job, MeasureSettings().child_timeout_s)

    measured(files(tmp_path, 2), settings, Target(run=run))
    assert [job.cool_to_c for job in jobs] == [None, *[43.0] * 5]
    assert {job.cool_down_secs for job in jobs[1:]} == {30}


def test_a_report_names_its_file(tmp_path: Path) -> None:
    (found,) = measured(files(tmp_path, 1), MeasureSettings(), FakeTarget())
    assert (found.size_bytes, found.target) == (len("0.tflite"), "fake")
    assert found.sha256 == hashlib.sha256(b"0.tflite").hexdigest()
    assert found.file == str(tmp_path / "0.tflite")


def test_a_dead_child_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"0\.tflite, process 3 of 3: the worker was killed"):
        measured(files(tmp_path, 1), MeasureSettings(), FakeTarget(fail_at=2))


def test_an_answer_in_another_form_is_a_worker_error(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"not understood: .* unknown keys \['more'\]"):
        measured(files(tmp_path, 1), MeasureSettings(), FakeTarget(more=1))


def test_children_of_different_machines_are_not_mixed(tmp_path: Path) -> None:
    target = FakeTarget()
    ask = target.run

    def moving(job: MeasureJob, timeout_s: float) -> dict[str, Any]:
        answer = ask(job, timeout_s)
        answer["machine"]["cores"] = len(target.asked)
        return answer

    target.run = moving  # type: ignore[method-assign]
    with pytest.raises(WorkerError, match="changed meanwhile"):
        measured(files(tmp_path, 1), MeasureSettings(), target)


def test_a_missing_file_is_named_before_anything_runs(tmp_path: Path) -> None:
    target = FakeTarget()
    requests = (*files(tmp_path, 1), ModelFile(tmp_path / "none.tflite"))
    with pytest.raises(InvalidPathError, match=r"none\.tflite: No such file"):
        measured(requests, MeasureSettings(), target)
    assert target.asked == []


CPU = str(max(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else None
BRIEF = MeasureSettings(
    num_runs=20, min_secs=0.05, max_secs=5, warmup_runs=3, warmup_secs=0.02, cpus=CPU
)


def test_a_real_file_is_measured_and_the_parent_imports_no_runtime(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Abs", ["x"], ["y"])
    x, y = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, (1, 8)) for name in "xy"
    )
    graph = onnx.helper.make_graph([node], "abs", [x], [y])
    opset = onnx.helper.make_opsetid("", 18)
    path = tmp_path / "abs.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    code = """
import sys
from pathlib import Path
from edgekit import devices
from edgekit.devices import MeasureSettings
settings = eval(sys.argv[2])
file = devices.ModelFile(Path(sys.argv[1]))
(found,) = devices.measure(devices.MeasureRequest((file,), (settings,)))
assert not {"onnxruntime", "ai_edge_litert", "torch"} & set(sys.modules)
print(found.to_json())
"""
    command = [sys.executable, "-c", code, str(path), repr(BRIEF)]
    found = devices.latency_from_json(subprocess.check_output(command, text=True))
    assert found.settings == BRIEF
    assert found.info.operators == {"Abs": 1}
    assert "outputs-differ" not in codes(found)
    for one in found.runs:
        assert len(one.samples.wall_ns) >= BRIEF.num_runs
        assert one.warm_up.runs >= BRIEF.warmup_runs
        assert one.peak_memory_bytes > one.memory_before_load_bytes > 10 << 20
        assert CPU is None or one.before.affinity == (int(CPU),)
        assert one.after.unix_time_s >= one.before.unix_time_s


def test_a_file_that_the_runtime_rejects_is_unreadable(tmp_path: Path) -> None:
    target = devices.resolve_target("local")
    with pytest.raises(UnreadableModelError, match=r"0\.tflite"):
        measured(files(tmp_path, 1), BRIEF, target)
