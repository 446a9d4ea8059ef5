"""What stands in for `subprocess` where edgekit starts its children."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import edgekit
from edgekit.processes import limited, worker_archive
from tests.specimens.warm_start import nursery

_READER = "edgekit.export.sources.onnx_file"
_ROOT = str(Path(edgekit.__file__).parents[1])


class WarmStart:
    """Stands for the module `subprocess`: the names that edgekit uses of it.

    Args:
        folder: of this process's own, for the program that is imported.
    """

    PIPE = subprocess.PIPE
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._python_path = os.environ.get("PYTHONPATH")
        self.forked = 0

    def Popen(  # noqa: N802 -- the name of what it stands for
        self,
        argv: Sequence[str],
        *,
        stdin: int,
        stdout: int,
        stderr: int | IO[bytes],
        env: Mapping[str, str] | None = None,
        start_new_session: bool,
    ) -> Forked | subprocess.Popen[bytes]:
        """Fork what is warm; start everything else."""
        environment = dict(os.environ if env is None else env)
        nursery = self._nursery_for(argv) if start_new_session else None
        if nursery is None or environment.get("PYTHONPATH") != self._python_path:
            return subprocess.Popen(
                argv, stdin=stdin, stdout=stdout, stderr=stderr, env=environment,
                start_new_session=start_new_session,
            )  # fmt: skip
        self.forked += 1
        request = {"arguments": argv[2:], "environment": environment, "folder": str(Path.cwd())}
        return Forked(nursery, request, stdin, stdout, stderr)

    def _nursery_for(self, argv: Sequence[str]) -> Nursery | None:
        match argv:
            case [sys.executable, "-P", program] if _is_the_worker(program):
                return self._workers
            case [sys.executable, "-P", "-c", limited._START, root, module] if (
                root == _ROOT and module == f"{_READER}.worker"
            ):
                return self._readers
        return None

    @functools.cached_property
    def _workers(self) -> Nursery:
        """Where models run: the worker, from its archive, and both runtimes."""
        archive = self._folder / "worker.pyz"
        archive.write_bytes(worker_archive.build())
        names = ("worker", "ort.session", "litert.session")
        return Nursery(archive, [f"edgekit.runtimes.{name}" for name in names])

    @functools.cached_property
    def _readers(self) -> Nursery:
        """Where files are read: all that the reader imports, but not the module that is run."""
        names = ("interface", "parse", "pipeline", "stored.constants")
        return Nursery(_ROOT, ["onnxsim", *(f"{_READER}.{name}" for name in names)])

    def close(self) -> None:
        """End what was started."""
        for name in ("_workers", "_readers"):
            if name in vars(self):
                vars(self).pop(name).close()


def _is_the_worker(program: str) -> bool:
    path = Path(program)
    return path.name == "worker.pyz" and path.read_bytes() == worker_archive.build()


class Nursery:
    """A process that has imported some modules and forks children that go on from there.

    Args:
        path: where the modules are found: a folder or an archive.
        modules: what to import.
    """

    def __init__(self, path: Path | str, modules: Sequence[str]) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = theirs.fileno()
        argv = [sys.executable, "-P", nursery.__file__, str(fd), str(path), *modules]
        self._process = subprocess.Popen(argv, pass_fds=[fd])
        theirs.close()
        self._alone = threading.Lock()
        assert self._requests.recv(16) == b"ready"

    def fork(self, request: Mapping[str, Any], fds: Sequence[int]) -> int:
        """Start a child; ``fds`` are its three streams and the pipe for its exit status."""
        with self._alone:
            socket.send_fds(self._requests, [json.dumps(request).encode()], fds)
            return int(self._requests.recv(16))

    def close(self) -> None:
        self._requests.close()
        self._process.wait()


class Forked:
    """A child of a `Nursery`, with what edgekit uses of `subprocess.Popen`."""

    def __init__(
        self,
        nursery: Nursery,
        request: Mapping[str, Any],
        stdin: int,
        stdout: int,
        stderr: int | IO[bytes],
    ) -> None:
        self.returncode: int | None = None
        self.stdin, self.stdout, self.stderr = None, None, None
        with contextlib.ExitStack() as stack:

            def pipe() -> tuple[int, int]:
                ends = os.pipe()
                stack.callback(os.close, ends[1])
                return ends

            if stdin == subprocess.PIPE:
                stdin, ours = os.pipe()
                stack.callback(os.close, stdin)
                self.stdin = open(ours, "wb")  # noqa: PTH123, SIM115
            assert stdout == subprocess.PIPE
            ours, stdout = pipe()
            self.stdout = open(ours, "rb")  # noqa: PTH123, SIM115
            if stderr == subprocess.PIPE:
                ours, stderr = pipe()
                self.stderr = open(ours, "rb")  # noqa: PTH123, SIM115
            self._status, status = pipe()
            fd = stderr if isinstance(stderr, int) else stderr.fileno()
            self.pid = nursery.fork(request, [stdin, stdout, fd, status])

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit status, as `subprocess.Popen.wait`."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a forked child", timeout or 0.0)
            said = os.read(self._status, 16)
            os.close(self._status)
            self.returncode = int(said) if said else -signal.SIGKILL  # with the nursery itself
        return self.returncode

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()
