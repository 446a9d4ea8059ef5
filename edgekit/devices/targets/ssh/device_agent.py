"""The program that runs on a device at the other end of a connection: files in, answers out.

It is sent as text and started with ``python3 -c``; it needs Python 3.9 and nothing else. The
folder it works in is its argument, and whoever started it removes that folder when it ends.

Each request is a line of JSON on stdin, and each answer a line of JSON on stdout:

    {"put": NAME, "size": N}, then N bytes    writes a file           -> {"done": true}
    {"run": JOB, "timeout_s": S}              runs the worker on it   -> {"returncode", ...}
    {"install": PACKAGES, "timeout_s": S}     runs pip                -> {"returncode", ...}

A job's ``{folder}`` stands for the folder. Stdin's end, which is also what a cut connection
looks like, ends the worker and this program. One such program at a time works on a device: the
others wait for the lock, which the kernel gives back however its holder ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import platform
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_LOCK = "edgekit.lock"
_SECS_BETWEEN_TRIES = 1.0
_CHUNK = 1 << 20
_KEPT_CHARACTERS = 4000  # of what a worker says on stderr


def serve(folder: str, python: str, owner: str, lost: str) -> None:
    """Wait for the device, say hello, and do what stdin asks for until it ends.

    Args:
        folder: where to work.
        python: program that starts the worker.
        owner: who is asking, for others who wait.
        lost: ``lost:`` and the folder of a connection that the same asker has lost, if any.
    """
    lost = lost.partition(":")[2]
    requests = os.fdopen(0, "rb", buffering=0, closefd=False)
    if lost:
        _end_holder(lost)
    descriptor = _take_lock(owner)
    if descriptor is None:
        return
    try:
        if lost:
            shutil.rmtree(lost, ignore_errors=True)  # it remains after a loss of power
        numpy = importlib.util.find_spec("numpy") is not None
        facts = {"folder": folder, "python": platform.python_version(), "numpy": numpy}
        _tell({"hello": facts})
        # Unbuffered, so that select() sees all that has come.
        for line in iter(requests.readline, b""):
            request = json.loads(line)
            if "put" in request:
                answer = _put(Path(folder, request["put"]), request["size"])
            elif "install" in request:
                pip = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
                answer = _run(Path(folder), [*pip, *request["install"]], b"", request["timeout_s"])
            else:
                job = json.dumps(request["run"]).replace("{folder}", folder).encode() + b"\n"
                worker = [python, str(Path(folder, "worker.pyz"))]
                answer = _run(Path(folder), worker, job, request["timeout_s"])
            if answer is None:
                return
            _tell(answer)
    finally:
        _give_back(descriptor)


def _end_holder(folder: str) -> None:
    """End the program that works in a folder: it may not know for long that its asker is gone."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGTERM)


def _stop(*_: object) -> None:
    raise SystemExit(1)  # after tidying up


def _tell(answer: dict[str, Any]) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _lock_path() -> Path:
    return Path(tempfile.gettempdir(), _LOCK)


def _take_lock(owner: str) -> int | None:
    """Return the locked file; None if stdin ends while waiting for it."""
    told = None
    while True:
        descriptor = _open_lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace")
            os.close(descriptor)
            if holder != told:
                _tell({"waiting": holder})
                told = holder
            # Nothing is asked before the hello, so that what can be read is stdin's end.
            if select.select([0], [], [], _SECS_BETWEEN_TRIES)[0]:
                return None
            continue
        if _is_current(descriptor):
            text = f"{owner}, since {time.strftime('%H:%M:%S')}"
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)
            return descriptor
        os.close(descriptor)  # its holder removed it in between


def _open_lock() -> int:
    try:
        # Without O_CREAT first: kernels protect other people's files in /tmp from it.
        return os.open(_lock_path(), os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        mask = os.umask(0)
        try:
            return os.open(_lock_path(), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        finally:
            os.umask(mask)


def _is_current(descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), _lock_path().stat())
    except FileNotFoundError:
        return False


def _give_back(descriptor: int) -> None:
    try:
        _lock_path().unlink()  # still locked: nobody else has this file
    except OSError:
        os.ftruncate(descriptor, 0)  # another user's, left when that one's program was killed
    os.close(descriptor)


def _put(path: Path, size: int) -> dict[str, Any] | None:
    """Write the bytes that come; once the disk refuses one, let the rest pass."""
    failure = None
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("wb", buffering=0))
        except OSError as error:
            failure = error
        left = size
        while left:
            chunk = memoryview(os.read(0, min(left, _CHUNK)))
            if not chunk:
                return None
            left -= len(chunk)
            try:
                while chunk and failure is None:
                    chunk = chunk[file.write(chunk) or 0 :]
            except OSError as error:
                failure = error
    return {"done": True} if failure is None else {"storage": failure.strerror}


def _run(folder: Path, argv: list[str], line: bytes, timeout_s: float) -> dict[str, Any] | None:
    out, err = folder / "stdout", folder / "stderr"
    with out.open("wb") as stdout, err.open("wb") as stderr, _child_signal() as wake:
        worker = subprocess.Popen(  # noqa: S603 -- a Python, no shell
            argv,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder)},  # ONNX Runtime leaves a file there
            bufsize=0,
            start_new_session=True,  # its own process group, which can be killed whole
        )
        try:
            with contextlib.suppress(BrokenPipeError):  # its exit status says why
                assert worker.stdin is not None  # noqa: S101 -- a pipe
                worker.stdin.write(line)
            ended = _wait(worker, wake, timeout_s)
        finally:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.communicate()
    if ended is None:
        return None
    if not ended:
        return {"timeout": True}
    said, answer = (path.read_bytes().decode(errors="replace") for path in (err, out))
    said = said[-_KEPT_CHARACTERS:]
    return {"returncode": worker.returncode, "stdout": answer, "stderr": said}


@contextlib.contextmanager
def _child_signal() -> Iterator[int]:
    """Give a pipe that can be read when a child has ended."""
    wake, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    try:
        yield wake
    finally:
        signal.set_wakeup_fd(-1)
        os.close(wake)
        os.close(wakes)


def _wait(worker: subprocess.Popen[bytes], wake: int, timeout_s: float) -> bool | None:
    """Wait for the worker; False if the time was up before, None if stdin ended before.

    It does not poll, which would disturb what the worker measures.
    """
    deadline = time.monotonic() + timeout_s
    while worker.poll() is None:
        ready = select.select([0, wake], [], [], max(0, deadline - time.monotonic()))[0]
        if 0 in ready:
            return None  # nothing is asked before the answer, so this is stdin's end
        if not ready:
            return False
        os.read(wake, 100)
    return True


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # stdin's end says the same, and is waited for
    signal.signal(signal.SIGTERM, _stop)
    serve(*sys.argv[1:5])
