"""The children that other tests fork answer, fail and end as those that users start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgekit.errors import InvalidPathError, UnreadableModelError, WorkerError
from edgekit.export.sources.onnx_file import isolated
from edgekit.export.sources.shapes import InputShapes
from edgekit.processes import child, served_model, spawning
from edgekit.runtimes.jobs import ProbeJob
from tests.specimens.files import OPS, tiny_onnx, tiny_tflite
from tests.specimens.warm_start import WarmStart


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmStart]:
    started = WarmStart(tmp_path_factory.mktemp("warm"))
    yield started
    started.close()


@pytest.fixture
def forked(warm: WarmStart, monkeypatch: pytest.MonkeyPatch) -> WarmStart:
    for module in (spawning, served_model):
        monkeypatch.setattr(module, "subprocess", warm)
    warm.forked = 0
    return warm


def answers(folder: Path) -> list[Any]:
    """What children of every kind say of two files."""
    files = tiny_onnx(folder / "tiny.onnx"), tiny_tflite(folder / "tiny.tflite", [OPS.RELU])
    found: list[Any] = [child.describe(path) for path in files]
    for path, info in zip(files, list(found), strict=True):
        (tensor,) = info.inputs
        feed = {tensor.name: np.ones(tensor.shape, tensor.dtype)}
        found.append(np.array(list(child.run(path, [feed])[1][0].values())).tolist())
        with served_model.serve(path) as served:
            served.send(feed)
            found.append(np.array(list(served.receive().values())).tolist())
    model, read = isolated.read(files[0], InputShapes())
    return [*found, ir.to_proto(model).SerializeToString(), read]


def test_they_answer_as_fresh_children_do(
    tmp_path: Path, warm: WarmStart, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = answers(tmp_path)
    for module in (spawning, served_model):
        monkeypatch.setattr(module, "subprocess", warm)
    warm.forked = 0
    assert answers(tmp_path) == fresh
    assert warm.forked == 7


def test_they_are_processes_of_their_own(forked: WarmStart, tmp_path: Path) -> None:
    with served_model.serve(tiny_onnx(tmp_path / "tiny.onnx")) as first:
        with served_model.serve(tiny_onnx(tmp_path / "tiny.onnx")) as second:
            pids = [each._process.pid for each in (first, second)]
            assert len({os.getpid(), *pids}) == 3
            assert [os.getsid(pid) for pid in pids] == pids
        os.kill(pids[0], 9)
        with pytest.raises(WorkerError, match="SIGKILL"):
            first.receive()
    assert forked.forked == 2


def test_their_errors_are_those_of_the_work(forked: WarmStart, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    with pytest.raises(UnreadableModelError):
        child.describe(broken)
    with pytest.raises((InvalidPathError, UnreadableModelError)):
        isolated.read(broken, InputShapes())
    assert forked.forked == 2


def test_their_limits_hold(
    forked: WarmStart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "_MEMORY_BYTES", 1 << 20)
    with pytest.raises(WorkerError):
        child.describe(tiny_onnx(tmp_path / "tiny.onnx"))
    monkeypatch.undo()
    monkeypatch.setattr(spawning, "subprocess", forked)
    with pytest.raises(WorkerError, match="no answer within 0 s"):
        child.call(ProbeJob(), timeout_s=0)
    assert forked.forked == 2


def test_other_programs_are_started(forked: WarmStart) -> None:
    code = "import sys; print(sys.stdin.readline().strip(), end=''); sys.exit(7)"
    limits = spawning.Limits(60.0)
    assert spawning.run([sys.executable, "-c", code], None, "said", limits) == (7, "said", "")
    assert child.call(ProbeJob(), command_prefix=("nice",))["runtimes"]
    assert forked.forked == 0
