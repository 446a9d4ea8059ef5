"""A Linux machine reached with OpenSSH: it has Python, numpy and a runtime, and keeps no file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgekit import runtimes
from edgekit.devices.targets.base import Probe
from edgekit.devices.targets.ssh.connection import Connection, located
from edgekit.devices.targets.ssh.failures import LOST, PASSING, not_installed
from edgekit.errors import EdgekitError, EnvironmentMissingError, UsageError, WorkerError
from edgekit.files.digest import sha256_of
from edgekit.processes import answers, worker_archive
from edgekit.progress import Progress, Step, silent
from edgekit.runtimes.jobs import Job, ProbeJob, SustainJob

_PROBE_TIMEOUT_S = 60.0
_INSTALL_TIMEOUT_S = 3600.0
_PORTS = range(1, 65536)
# Nothing that ssh takes for an option, or a shell for more than a name: ssh hands both to the
# ProxyCommand of whoever has one.
_ADDRESS = re.compile(
    r"((?:\w[\w.+\\-]*@)?(?:\[[0-9A-Fa-f:]+(?:%\w+)?\]|\w[\w.-]*))(?::([0-9]{1,5}))?", re.ASCII
)

_MOST_LOSSES = 3  # of one job; a fourth connection would be lost like the others
_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0)  # before each try to connect again
_LAST_TRY_S = 45.0  # after the loss; a try may take 15 s itself


class SshTarget:
    """Runs jobs on another machine.

    Outside of `opened`, each job has a connection of its own.

    Args:
        name: such as ``ssh:pi@10.0.0.7``.
        arguments: of ssh, that name the machine; options first.
        python: program there that runs Python.
    """

    def __init__(self, name: str, arguments: tuple[str, ...], python: str = "python3") -> None:
        self.name = name
        self.arguments = arguments
        self.python = python
        self._connection: Connection | None = None
        self._progress: Progress = silent

    @contextmanager
    def opened(self, progress: Progress) -> Iterator[None]:
        """Hold one connection, and with it the device, for all jobs within.

        Each file is sent once, and the device's folder goes at the end. When the connection is
        lost, another takes its place, and with it the device is waited for anew.

        Args:
            progress: told while somebody else has the device, or it is out of reach.
        """
        if self._connection is not None:
            yield
            return
        self._connection, self._progress = self._connect(progress), progress
        try:
            yield
        finally:
            self._connection.close()
            self._connection = None

    def probe(self) -> Probe:
        """Ask the machine for its facts and the runtimes it has."""
        answer = self.run(ProbeJob(), _PROBE_TIMEOUT_S)
        return answers.decoded(Probe, answer)

    def install(self, progress: Progress) -> None:
        """Install numpy and this machine's versions of the runtimes, with pip, for good.

        Raises:
            EnvironmentMissingError: pip refuses, or is not there; its last line is in the message.
            WorkerError: it took too long, or the connection was lost.
        """
        packages = ["numpy", *(v.replace(" ", "==") for v in runtimes.installed().values() if v)]
        connection = self._connect(progress, bare=True)
        try:
            progress(Step(f"{self.name}: {self.python} -m pip install {' '.join(packages)}"))
            status, out, err = connection.install(packages, _INSTALL_TIMEOUT_S)
        finally:
            connection.close()
        if status:
            raise not_installed(self.name, out + err)

    def run(self, job: Job, timeout_s: float) -> dict[str, Any]:
        """Send what the job needs, run it, and return the answer.

        If the connection is lost meanwhile, the job is started again on another one, from the
        beginning and a few times at most, and the answer's ``run`` says how often. A
        `SustainJob` is not: the device would have rested in between.
        """
        if self._connection is None:
            with self.opened(silent):
                return self.run(job, timeout_s)
        losses = 0
        while True:
            try:
                answer = self._try(job, timeout_s, self._connection)
            except WorkerError as error:
                if error.reason_code != LOST or isinstance(job, SustainJob):
                    raise
                losses += 1
                if losses == _MOST_LOSSES:
                    raise _given_up(error, f"so were {losses - 1} before in the same run") from None
                self._connection = self._reconnect(self._connection, error)
            else:
                if isinstance(answer.get("run"), dict):
                    answer["run"]["connections_lost"] = losses
                return answer

    def _connect(
        self, progress: Progress, lost: Connection | None = None, *, bare: bool = False
    ) -> Connection:
        return Connection(self.name, self.arguments, self.python, progress, lost, bare=bare)

    def _reconnect(self, lost: Connection, error: WorkerError) -> Connection:
        """Return a connection in place of a lost one; raise ``error`` with the reason why not."""
        start = time.monotonic()
        lost.close()
        self._progress(Step(f"{self.name}: the connection was lost; connecting again"))
        reason = "out of time"
        for pause_s in _PAUSES_S:
            if time.monotonic() - start + pause_s > _LAST_TRY_S:
                break
            time.sleep(pause_s)
            try:
                return self._connect(self._progress, lost)
            except EnvironmentMissingError as failure:
                reason = str(failure).removeprefix(f"{self.name}: ")
                if failure.reason_code not in PASSING:
                    break
        raise _given_up(error, f"connecting again failed: {reason}") from None

    def _try(self, job: Job, timeout_s: float, connection: Connection) -> dict[str, Any]:
        connection.put("worker.pyz", worker_archive.build())
        result = connection.run(job.moved(lambda path: _sent(Path(path), connection)), timeout_s)
        try:
            return answers.read(*result)
        except EdgekitError as error:
            raise located(error, self.name) from None


def _given_up(error: WorkerError, reason: str) -> WorkerError:
    return WorkerError(f"{error}; {reason}", reason_code=LOST)


def _sent(path: Path, connection: Connection) -> str:
    """Send a file, and return its path on the device."""
    name = f"{sha256_of(path)[:16]}{path.suffix}"
    connection.put(name, path.read_bytes())
    return f"{{folder}}/{name}"


def connect(address: str, python: str = "python3") -> SshTarget:
    """Return the machine at ``[user@]host[:port]`` as a target; host may be ssh's own alias.

    Raises:
        UsageError: that is no such address.
    """
    found = _ADDRESS.fullmatch(address)
    port = found[2] if found else None
    if not found or (port and int(port) not in _PORTS):
        raise UsageError(f"ssh: takes [user@]host[:port], such as ssh:pi@10.0.0.7, not {address!r}")
    destination = found[1].replace("[", "").replace("]", "")
    options = ("-p", port) if port else ()
    return SshTarget(f"ssh:{address}", (*options, destination), python)
