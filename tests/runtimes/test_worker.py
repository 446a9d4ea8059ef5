"""The worker and everything that can go wrong with it: bad files, deaths, what it leaves behind.

Faults are played by a stand-in for the tflite_runtime package, put on the child's PYTHONPATH:
it does what the "model file" says.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import (
    EnvironmentMissingError,
    InvalidPathError,
    MissingPackageError,
    StorageError,
    UnreadableModelError,
    WorkerError,
)
from edgekit.processes import child
from edgekit.runtimes.base import TensorInfo
from edgekit.runtimes.jobs import DescribeJob, ProbeJob
from tests.specimens.files import OPS, tiny_tflite

FAKE_INTERPRETER = """
import os, signal, sys, time
import numpy as np

class Interpreter:
    def __init__(self, model_path, num_threads):
        self.order = open(model_path).read()
        with open(model_path + ".pid", "w") as file:
            file.write(str(os.getpid()))
        if self.order == "hang":
            time.sleep(60)
        elif self.order == "exit":
            print("out of luck", file=sys.stderr)
            os._exit(7)
        elif self.order.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[self.order])
        elif self.order == "chatty":
            os.write(1, b'{"not": "the answer"}\\n')
            print("noise")
        elif self.order == "odd":
            raise OverflowError("no such number\\nsecond line")

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        scale = float("inf") if self.order == "infinite" else 0.5
        return [dict(name="x", index=0, shape=np.array([1, 2]), dtype=np.int8,
                     quantization=(scale, 3))]

    get_output_details = get_input_details

    def _get_ops_details(self):
        return [dict(op_name="COPY", inputs=[0], outputs=[1])]

    def set_tensor(self, index, value):
        self.value = value

    def get_tensor(self, index):
        return self.value

    def invoke(self):
        pass
"""


Fake = Callable[[str], Path]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Return a function that writes a model file which makes the fake runtime misbehave."""
    site = tmp_path / "site"
    stub_package(site, "ai_edge_litert", "raise ModuleNotFoundError(name=__name__)")
    stub_package(site, "tflite_runtime", "")
    (site / "tflite_runtime" / "interpreter.py").write_text(FAKE_INTERPRETER)
    monkeypatch.setenv("PYTHONPATH", str(site))

    def write(order: str) -> Path:
        path = tmp_path / "fake.tflite"
        path.write_text(order)
        return path

    return write


def stub_package(site: Path, name: str, content: str) -> None:
    (site / name).mkdir(parents=True, exist_ok=True)
    (site / name / "__init__.py").write_text(content)


def has_ended(pid: int, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


# Files and packages that will not do


@pytest.mark.parametrize("kept", [0, 1, 8, 100, -1])
def test_a_truncated_tflite_file_is_unreadable(tmp_path: Path, kept: int) -> None:
    path = tiny_tflite(tmp_path / "cut.tflite", [OPS.ABS])
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UnreadableModelError, match=r"cut\.tflite: LiteRT cannot load this file"):
        child.describe(path)


def test_a_text_file_is_no_onnx_model(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    with pytest.raises(
        UnreadableModelError, match=r"text\.onnx: ONNX Runtime cannot load"
    ) as caught:
        child.describe(path)
    assert str(caught.value).count(str(path)) == 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match=r"none\.onnx: no such file"):
        child.describe(tmp_path / "none.onnx")


def test_an_absent_runtime_is_a_missing_package(tmp_path: Path, fake: Fake) -> None:
    path = fake("ok")
    for name in ("tflite_runtime", "tensorflow"):
        stub_package(tmp_path / "site", name, "raise ModuleNotFoundError(name=__name__)")
    with pytest.raises(MissingPackageError, match="pip install ai-edge-litert"):
        child.describe(path)


def test_a_broken_runtime_is_not_called_missing(tmp_path: Path, fake: Fake) -> None:
    stub_package(tmp_path / "site", "ai_edge_litert", "import no_such_library")
    with pytest.raises(EnvironmentMissingError, match=r"cannot be imported.*no_such_library"):
        child.describe(fake("ok"))


def test_the_older_package_serves_where_the_new_one_is_absent(fake: Fake) -> None:
    path = fake("ok")
    info = child.describe(path)
    assert info.runtime_version == "tflite-runtime of unknown version"
    assert info.inputs == (TensorInfo("x", (1, 2), "int8", 0.5, 3),)
    assert (info.partitions, info.delegate) == (0, None)


def test_a_chatty_runtime_does_not_spoil_the_answer(fake: Fake) -> None:
    values = np.array([[5, -5]], np.int8)
    _, (outputs,) = child.run(fake("chatty"), [{"x": values}])
    np.testing.assert_array_equal(outputs["x"], values)


# Deaths and strange answers


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("SIGSEGV", "killed by SIGSEGV: the runtime crashed on this file"),
        ("SIGKILL", "killed by SIGKILL: out of memory, or killed by hand"),
        ("SIGUSR1", "killed by SIGUSR1: it was stopped from outside"),
        ("exit", "exit status 7: out of luck"),
        ("odd", "OverflowError: no such number$"),
        ("infinite", "ValueError: Out of range float values"),
    ],
)
def test_each_death_of_a_worker_has_its_message(fake: Fake, order: str, message: str) -> None:
    with pytest.raises(WorkerError, match=message):
        child.describe(fake(order))


def test_a_hanging_worker_is_killed_at_the_timeout(fake: Fake) -> None:
    path = fake("hang")
    job = DescribeJob("tflite", str(path), 1)
    with pytest.raises(WorkerError, match="no answer within 2 s"):
        child.call(job, timeout_s=2)
    assert has_ended(int(Path(f"{path}.pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_worker_ends_with_its_parent(
    tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path, scratch = fake("hang"), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))  # a killed process cannot tidy up
    code = "import sys; from edgekit.processes import child; child.describe(sys.argv[1])"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stderr=subprocess.PIPE, text=True
    ) as parent:
        pid_file = Path(f"{path}.pid")
        while not (pid_file.exists() and pid_file.read_text()):
            time.sleep(0.02)
            assert parent.poll() is None
        parent.send_signal(number)
        _, stderr = parent.communicate(timeout=20)
    assert parent.returncode == -number
    if number == signal.SIGINT:
        assert "KeyboardInterrupt" in stderr
        assert list(scratch.iterdir()) == []
    assert has_ended(int(pid_file.read_text()))


def test_a_prefix_that_is_no_program_is_named() -> None:
    with pytest.raises(WorkerError, match="cannot start no-such-program: No such file"):
        child.call(ProbeJob(), command_prefix=("no-such-program",))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo hello", "answer is not JSON: 'hello'"),
        ("true", "answer is not JSON: ''"),
        ("exit 3", "exit status 3: it said nothing"),
    ],
)
def test_an_answer_must_be_json(script: str, message: str) -> None:
    with pytest.raises(WorkerError, match=message):
        child.call(ProbeJob(), command_prefix=("sh", "-c", script))


# Temporary files


def test_no_temporary_file_is_left(
    tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    child.run(fake("ok"), [{"x": np.zeros((1, 2), np.int8)}])
    with pytest.raises(WorkerError):
        child.run(fake("SIGKILL"), [{"x": np.zeros((1, 2), np.int8)}])
    assert list(scratch.iterdir()) == []


def test_a_temporary_folder_that_is_gone_is_a_storage_error(
    tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="gone: No such file"):
        child.describe(fake("ok"))
