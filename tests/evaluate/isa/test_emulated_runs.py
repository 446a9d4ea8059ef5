"""Emulated runs: equal answers, and errors that cross the emulator."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgekit.errors import (
    UnreadableModelError,
    WorkerError,
)
from edgekit.evaluate.verification import isa_check
from edgekit.processes import child
from edgekit.runtimes.jobs import Job
from edgekit.runtimes.worker import seeded_inputs
from tests.evaluate.isa.made import EMULATED, require
from tests.specimens.drawn import qdq
from tests.specimens.files import OPS, tiny_tflite


@pytest.mark.parametrize("name", EMULATED)
def test_int8_answers_are_equal(name: str, tmp_path: Path) -> None:
    require(name)
    onnx_file = qdq.chain(tmp_path / "q.onnx", {"a": 60, "b": qdq.QUIET})
    for path in (onnx_file, qdq.tflite_conv(tmp_path / "q.tflite")):
        info = child.describe(path)
        inputs = [seeded_inputs(info.inputs, seed) for seed in range(3)]
        (report,) = isa_check.check(str(path), info, inputs, [name])
        assert (report.isa, report.sets) == (name, 3)
        assert report.bit_equal
        assert report.same
        assert report.largest_steps == 0
        assert report.distance.signal > 0


def test_the_same_worker_describes_a_file(tmp_path: Path) -> None:
    require("cortex-a53")
    path = tiny_tflite(tmp_path / "t.tflite", [OPS.RELU, OPS.ABS])
    assert child.describe(path, isa="cortex-a53") == child.describe(path)


class NonsenseJob(Job):
    task = "nonsense"


def test_errors_cross_the_emulator(tmp_path: Path) -> None:
    require("avx2")
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    with pytest.raises(UnreadableModelError, match=r"bad\.onnx"):
        child.describe(tmp_path / "bad.onnx", isa="avx2")
    with pytest.raises(WorkerError, match=r"^under avx2: KeyError"):
        child.call(NonsenseJob(), isa="avx2")
