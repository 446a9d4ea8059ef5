"""ssh targets whose connection is cut at work: the job starts again, or the error says why not."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgekit import devices
from edgekit.devices import MeasureRequest, MeasureSettings, ModelFile
from edgekit.devices.targets import opened
from edgekit.devices.targets.ssh import connection
from edgekit.devices.targets.ssh import target as ssh
from edgekit.errors import EdgekitError, WorkerError
from edgekit.runtimes.jobs import Job, MeasureJob, SustainJob
from tests.runtimes.test_worker import has_ended
from tests.specimens.files import OPS, tiny_tflite
from tests.specimens.machines import sshd
from tests.specimens.machines.sshd import Device, ancestor, describe, pid_on

running, device, target, fake = sshd.running, sshd.device, sshd.target, sshd.fake
BRIEF = MeasureSettings(num_runs=20, min_secs=0.01, max_secs=5, warmup_runs=2, warmup_secs=0.01)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect again at once, and twice only."""
    monkeypatch.setattr(ssh, "_PAUSES_S", (0.0, 0.2))


class Asking:
    """A job that hangs on the device, asked for in a thread."""

    def __init__(self, target: devices.Target, path: Path) -> None:
        self.said: list[str] = []
        self.caught: EdgekitError | None = None
        self.answer: dict[str, Any] = {}
        self._target, self._path = target, path
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        try:
            with opened(self._target, lambda step: self.said.append(step.activity)):
                self.answer = self._target.run(describe(self._path), 60)
        except EdgekitError as error:
            self.caught = error

    def wait(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.mark.parametrize("victim", ["sshd", "python"])
def test_a_job_that_was_cut_short_starts_again(
    victim: str, device: Device, target: devices.Target, fake: Callable[[str], Path]
) -> None:
    asking = Asking(target, fake("hang"))
    worker = pid_on(device)
    fake("ok")
    os.kill(ancestor(worker, victim), signal.SIGKILL)
    asking.wait()
    assert asking.caught is None
    assert asking.answer["model"]["operators"] == {"COPY": 1}
    assert asking.said[0] == "ssh:device: the connection was lost; connecting again"
    assert has_ended(worker)
    assert device.leftovers() == []


def test_a_device_that_has_not_noticed_is_taken_over(
    device: Device, target: devices.Target, fake: Callable[[str], Path]
) -> None:
    asking = Asking(target, fake("hang"))
    worker = pid_on(device)
    fake("ok")
    server = ancestor(worker, "sshd")
    os.kill(server, signal.SIGSTOP)  # to the device, the connection stands
    try:
        os.kill(_client(), signal.SIGKILL)
        asking.wait()
        assert asking.caught is None
        assert asking.answer["model"]["operators"] == {"COPY": 1}
        assert has_ended(worker)
        assert device.leftovers() == []
    finally:
        os.kill(server, signal.SIGCONT)


def _client() -> int:
    """Return the ssh program that this process started."""
    (client,) = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/stat")
        if path.exists()
        and path.read_text().rpartition(")")[2].split()[1] == str(os.getpid())
        and (path.parent / "comm").read_text().strip() == "ssh"
    ]
    return client


def test_a_device_that_stays_away_is_told_and_tidies_up(
    device: Device, target: devices.Target, fake: Callable[[str], Path]
) -> None:
    asking = Asking(target, fake("hang"))
    worker = pid_on(device)
    device.use_key("user", port=1)
    os.kill(ancestor(worker, "sshd"), signal.SIGKILL)
    asking.wait()
    assert isinstance(asking.caught, WorkerError)
    assert asking.caught.reason_code == "connection-lost"
    assert str(device.temporary / "edgekit.") in str(asking.caught)
    assert "connecting again failed: " in str(asking.caught)
    assert has_ended(worker)
    assert device.leftovers() == []


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Return a function that cuts the connection as so many jobs of a task begin."""
    run, left = connection.Connection.run, {"": 0}

    def running(self: Any, job: Job, timeout_s: float) -> Any:
        if left.get(job.task, 0):
            left[job.task] -= 1
            self._process.kill()
        return run(self, job, timeout_s)

    monkeypatch.setattr(connection.Connection, "run", running)
    return left.__setitem__


def test_a_report_says_that_a_run_was_started_again(
    target: devices.Target, device: Device, tmp_path: Path, cut: Callable[[str, int], None]
) -> None:
    net = tiny_tflite(tmp_path / "net.tflite", [OPS.ABS])
    cut("measure", 2)
    with opened(target):
        [report] = devices.measure(MeasureRequest((ModelFile(net),), (BRIEF,), target))
    assert [run.connections_lost for run in report.runs] == [2, 0, 0]
    (issue,) = [issue for issue in report.issues if issue.code == "connection-lost"]
    assert "lost 2 times" in issue.message
    assert device.leftovers() == []


@pytest.mark.parametrize(
    ("task", "reason"), [("measure", "so were 2 before"), ("sustain", "remain: measure again$")]
)
def test_a_job_is_not_started_again_for_ever(
    task: str,
    reason: str,
    target: devices.Target,
    device: Device,
    cut: Callable[[str, int], None],
    tmp_path: Path,
) -> None:
    path = str(tiny_tflite(tmp_path / "net.tflite", [OPS.ABS]))
    jobs = {
        "measure": MeasureJob(
            "tflite", path, 1, seed=0, num_runs=1, min_secs=0, max_secs=1, warmup_runs=1,
            warmup_secs=0,
        ),
        "sustain": SustainJob("tflite", path, 1, seed=0, secs=2, window_secs=1),
    }  # fmt: skip
    cut(task, 9)
    with pytest.raises(WorkerError, match=reason) as caught:
        target.run(jobs[task], 60)
    assert caught.value.reason_code == "connection-lost"
    assert device.leftovers() == []
