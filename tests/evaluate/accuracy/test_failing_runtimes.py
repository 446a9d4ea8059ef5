"""Runtimes that crash, raise, hang or talk while images are evaluated."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from edgekit.errors import WorkerError
from edgekit.processes import served_model
from tests.evaluate.accuracy.colours import run
from tests.runtimes.test_worker import has_ended

FAKE_RUNTIME = """
import os, signal, time
import numpy as np

class Interpreter:
    def __init__(self, model_path, num_threads):
        self.path, self.order = model_path, open(model_path).read()
        self.runs = 0

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [dict(name="x", index=0, shape=np.array([1, 8, 8, 3]), dtype=np.float32,
                     quantization=(0.0, 0))]

    def get_output_details(self):
        return [dict(name="y", index=1, shape=np.array([1, 3]), dtype=np.float32,
                     quantization=(0.0, 0))]

    def _get_ops_details(self):
        return []

    def set_tensor(self, index, value):
        pass

    def get_tensor(self, index):
        return np.zeros((1, 3), np.float32)

    def invoke(self):
        self.runs += 1
        print("a runtime that talks")
        os.write(2, b"x" * 100_000)
        if self.runs == 3 and self.order.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[self.order])
        if self.runs == 3 and self.order == "hang":
            with open(self.path + ".pid", "w") as file:
                file.write(str(os.getpid()))
            time.sleep(60)
        if self.runs == 3 and self.order == "raise":
            raise OverflowError("no such number")
"""


Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Return a function that writes a model file which makes a stand-in runtime misbehave."""
    for package, content in (
        ("ai_edge_litert", "raise ModuleNotFoundError(name=__name__)"),
        ("tflite_runtime", ""),
    ):
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / package / "__init__.py").write_text(content)
    (tmp_path / "site" / "tflite_runtime" / "interpreter.py").write_text(FAKE_RUNTIME)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))

    def write(order: str) -> Path:
        path = tmp_path / "fake.tflite"
        path.write_text(order)
        return path

    return write


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("SIGSEGV", "fake.tflite: the worker was killed by SIGSEGV: the runtime crashed"),
        ("raise", "fake.tflite: OverflowError: no such number"),
        ("hang", "fake.tflite: the worker gave no answer within 2 s"),
    ],
)
def test_a_runtime_that_fails_half_way(
    order: str, words: str, fake: Fake, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served_model, "SECS_PER_ANSWER", 2.0)
    with pytest.raises(WorkerError, match=words):
        run(fake(order), pictures)


def test_a_runtime_that_talks_is_heard_out(fake: Fake, pictures: Path) -> None:
    assert run(fake("behave"), pictures).answers.top1 == (0, 0, 0, 0)


def test_the_child_ends_with_its_parent(fake: Fake) -> None:
    path = fake("hang")
    code = """
import sys
import numpy as np
from edgekit.processes import served_model

with served_model.serve(sys.argv[1]) as model:
    while True:
        model.send({"x": np.zeros((1, 8, 8, 3), np.float32)})
        model.receive()
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as parent:
        note = Path(f"{path}.pid")
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
            assert parent.poll() is None
        parent.kill()
    assert has_ended(int(note.read_text()))
