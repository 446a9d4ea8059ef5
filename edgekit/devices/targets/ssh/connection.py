"""One connection to a device: an ssh process with the agent at its other end."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from edgekit.devices.targets.ssh import failures
from edgekit.errors import (
    EdgekitError,
    EnvironmentMissingError,
    MissingPackageError,
    StorageError,
    WorkerError,
)
from edgekit.processes import answers, spawning
from edgekit.processes.spawning import Limits
from edgekit.progress import Progress, Step
from edgekit.runtimes.jobs import Job

_OPTIONS = (
    "-T",
    "-o", "BatchMode=yes",
    "-o", "StrictHostKeyChecking=yes",
    "-o", "ConnectTimeout=15",
    "-o", "ServerAliveInterval=10",
    "-o", "ServerAliveCountMax=3",
)  # fmt: skip

# The folder goes however the agent ends; the shell itself waits for it when it gets a signal.
_SCRIPT = f"""\
umask 077
"$2" -c 'import sys; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1 \
  || exit {failures.NO_PYTHON}
folder=$(mktemp -d "${{TMPDIR:-/tmp}}/edgekit.XXXXXX") || exit {failures.NO_FOLDER}
trap 'rm -rf "$folder"' EXIT
trap : HUP INT TERM PIPE
"$2" -c "$1" "$folder" "$2" "$3" "$4"
"""

_GREETING_LINES = 200  # that a login may print before the agent speaks
_GRACE_S = 60.0  # beyond a job's time, for the way
_CLOSE_S = 20.0  # for the device to tidy up
_MOST_LINE_BYTES = 256 << 20  # of an answer: the samples of a long run, amply
_KEPT_BYTES = 64 << 10  # of what comes on stderr
_LONGEST_NAME = 200
_LIMITS = Limits(0.0, file_bytes=64 << 20)  # ssh writes no file but stderr

T = TypeVar("T")


@dataclass(frozen=True)
class _Hello:
    folder: str
    python: str
    numpy: bool


@dataclass(frozen=True)
class _Ended:
    returncode: int
    stdout: str
    stderr: str


class Connection:
    """A device that is held until `close`; nobody else measures on it meanwhile.

    Args:
        name: the target, for messages.
        arguments: of ssh, which name the device: options and destination.
        python: program on the device that runs Python.
        progress: told when the device is busy.
        lost: the connection that this one takes the place of; what is left of it there goes.
        bare: the device need not have numpy.

    Attributes:
        folder: the folder on the device, which goes when the connection ends.

    Raises:
        EnvironmentMissingError: it cannot be reached or lacks something; says what.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        python: str,
        progress: Progress,
        lost: Connection | None = None,
        *,
        bare: bool = False,
    ) -> None:
        self.name = name
        self.folder = ""
        self._arguments = arguments
        self._sent: set[str] = set()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the connection
        agent = (resources.files(__package__) / "device_agent.py").read_text()
        instead = f"lost:{lost.folder}" if lost else ""
        remote = f"exec sh -c {shlex.join([_SCRIPT, 'sh', agent, python, _owner(), instead])}"
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- no shell on this side
                # The destination comes last, and no option is looked for in it.
                ["ssh", *_OPTIONS, *arguments[:-1], "--", arguments[-1], remote],  # noqa: S607
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is ours to handle
            )
        except OSError as error:
            self._said.close()
            raise EnvironmentMissingError(
                f"{name} needs the program ssh, which does not start: {error.strerror}"
            ) from error
        spawning.confine(self._process.pid, _LIMITS)
        try:
            self._greet(progress, bare=bare)
        except BaseException:
            self.close()
            raise

    def _greet(self, progress: Progress, *, bare: bool) -> None:
        """Wait for the hello, past what the login prints, and for whoever is measuring there."""
        for _ in range(_GREETING_LINES):
            line = self._read_line()
            answer = _parsed(line)
            if "waiting" in answer:
                holder = str(answer["waiting"] or "somebody")[:_LONGEST_NAME]
                progress(Step(f"{self.name} is in use by {holder}; waiting"))
            elif "hello" in answer:
                break
            elif not line:
                raise failures.explain(self.name, self._by_hand(), *self._end())
        else:
            raise EnvironmentMissingError(
                f"{self.name}: its login prints {_GREETING_LINES} lines and more: keep it quiet "
                "for commands"
            )
        hello = self._decoded(_Hello, answer["hello"])
        self.folder = hello.folder
        if not hello.numpy and not bare:
            raise EnvironmentMissingError(
                f"{self.name}: the Python {hello.python} there has no numpy: "
                f"`edgekit doctor --target {self.name} --install` installs it and the runtimes; or "
                "name another Python in devices.toml",
                reason_code="missing-package",
            )

    def put(self, name: str, content: bytes) -> None:
        """Write a file into the folder on the device, once.

        Raises:
            StorageError: the device refuses it: its disk is full, or the like.
            WorkerError: the connection was lost.
        """
        if name in self._sent:
            return
        answer = self._ask({"put": name, "size": len(content)}, content)
        if "storage" in answer:
            raise StorageError(
                f"{self.name}: cannot write {len(content) / 1e6:.1f} MB to {self.folder} there: "
                f"{answer['storage']}"
            )
        self._sent.add(name)

    def run(self, job: Job, timeout_s: float) -> tuple[int, str, str]:
        """Run the worker on a job; return its exit status, stdout and stderr.

        Raises:
            WorkerError: it gave no answer in time, or the connection was lost.
        """
        return self._command({"run": json.loads(job.to_json())}, timeout_s, "the worker")

    def install(self, packages: Sequence[str], timeout_s: float) -> tuple[int, str, str]:
        """Run pip there; return its exit status, stdout and stderr.

        Raises:
            WorkerError: it took too long, or the connection was lost.
        """
        return self._command({"install": list(packages)}, timeout_s, "pip")

    def _command(
        self, request: Mapping[str, Any], timeout_s: float, who: str
    ) -> tuple[int, str, str]:
        limit = threading.Timer(timeout_s + _GRACE_S, self._process.kill)
        limit.daemon = True
        limit.start()
        try:
            answer = self._ask({**request, "timeout_s": timeout_s})
        finally:
            limit.cancel()
        if "timeout" in answer:
            raise WorkerError(f"{self.name}: {who} gave no answer within {timeout_s:g} s")
        ended = self._decoded(_Ended, answer)
        return ended.returncode, ended.stdout, ended.stderr

    def close(self) -> None:
        """End the connection and wait until the device has tidied up."""
        if not self._said.closed:
            self._end()
            self._said.close()

    def _ask(self, request: Mapping[str, Any], content: bytes = b"") -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 -- a pipe
        with suppress(BrokenPipeError):  # the answer that does not come says why
            self._process.stdin.write(json.dumps(request).encode() + b"\n" + content)
            self._process.stdin.flush()
        line = self._read_line()
        answer = _parsed(line)
        if not answer:
            raise failures.lost(self.name, self.folder, self._end()[1])
        return answer

    def _read_line(self) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 -- a pipe
        line = self._process.stdout.readline(_MOST_LINE_BYTES)
        if len(line) == _MOST_LINE_BYTES:
            self._process.kill()
            raise WorkerError(f"{self.name}: the device says more than it may, and was left")
        return line

    def _decoded(self, kind: type[T], answer: object) -> T:
        try:
            return answers.decoded(kind, answer)
        except WorkerError as error:
            raise located(error, self.name) from None

    def _end(self) -> tuple[int, str]:
        """Close the pipes; return ssh's exit status and all that came on stderr."""
        with suppress(BrokenPipeError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - _KEPT_BYTES))
        return self._process.returncode, self._said.read().decode(errors="replace")

    def _by_hand(self) -> str:
        return shlex.join(["ssh", *self._arguments])


def _owner() -> str:
    """Say who holds a device, to whoever waits for it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = f"user {os.getuid()}"
    return f"{user} on {socket.gethostname()}"


def _parsed(line: bytes) -> dict[str, Any]:
    return answers.parsed(line) or {}


def located(error: EdgekitError, name: str) -> EdgekitError:
    """Say in an error of a worker where it happened."""
    where = f"{name}: {error}"
    if isinstance(error, MissingPackageError):
        where = where.replace("not installed here", "not installed there")
    EdgekitError.__init__(error, where, reason_code=error.reason_code)
    return error
