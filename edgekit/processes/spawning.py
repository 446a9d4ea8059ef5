"""Start a worker, give it one job, and wait for its end or its limits."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from edgekit.errors import WorkerError

_CHUNK = 1 << 20
_KEPT_STDERR_BYTES = 64 << 10
_MOST_STDERR_BYTES = 64 << 20
_MOST_ANSWER_BYTES = 1 << 30  # the samples of a long run, amply


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        time_s: seconds until it is killed with all that it started.
        memory_bytes: address space, beyond which allocations fail; None for no limit.
        file_bytes: size of any file that it writes; None for no limit.
        cpu_s: processor time of all its threads, which others at work do not lengthen; None for no
            limit.
    """

    time_s: float
    memory_bytes: int | None = None
    file_bytes: int | None = None
    cpu_s: int | None = None


class Started:
    """A worker that has been started and waits for its job.

    Args:
        argv: the program and its arguments.
        environment: its environment; None takes this process's.

    Raises:
        WorkerError: it could not be started.
    """

    def __init__(self, argv: list[str], environment: Mapping[str, str] | None) -> None:
        # The worker takes the closing of this pipe as the sign that this process is gone.
        job_fd, self._keep_fd = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter, no shell
                argv,
                stdin=job_fd,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,  # its own process group, which can be killed whole
            )
        except (OSError, ValueError) as error:
            os.close(self._keep_fd)
            reason = getattr(error, "strerror", None) or error
            raise WorkerError(f"cannot start {argv[0]}: {reason}") from error
        finally:
            os.close(job_fd)

    def finish(self, job: str | None, limits: Limits) -> tuple[int, str, str]:
        """Give the worker its job, and wait for its end.

        Args:
            job: one line for its stdin, which stays open; None for nothing but that.
            limits: what it may use.

        Returns:
            exit status, stdout and the end of stderr.

        Raises:
            WorkerError: it gave no answer in time, or floods a stream.
        """
        with self._process as process:
            try:
                confine(process.pid, limits)
                with suppress(BrokenPipeError):  # it died at once: its exit status says why
                    os.write(self._keep_fd, b"" if job is None else job.encode() + b"\n")
                stdout, stderr = _heard(process, limits.time_s)
            except BaseException:
                self._kill()
                raise
            finally:
                os.close(self._keep_fd)
        return process.returncode, stdout, stderr

    def abandon(self) -> None:
        """End the worker without a job."""
        with self._process:
            self._kill()
            os.close(self._keep_fd)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def run(
    argv: list[str], environment: Mapping[str, str] | None, job: str | None, limits: Limits
) -> tuple[int, str, str]:
    """Start a worker, give it one job, and wait for its end; see `Started`.

    Raises:
        WorkerError: it could not be started, gave no answer in time, or floods a stream.
    """
    return Started(argv, environment).finish(job, limits)


def confine(pid: int, limits: Limits) -> None:
    """Limit a process that was just started, where the system can do so from outside."""
    try:
        import resource

        limited = resource.prlimit
    except (ImportError, AttributeError):  # not on Linux
        return
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s),
    ):
        if most is not None:
            with suppress(OSError, ValueError):  # it ended already, or has a lower limit
                # Behind the hard limit of processor time the signal does not say what it was.
                limited(pid, kind, (most, most + (kind == resource.RLIMIT_CPU)))


def _heard(process: subprocess.Popen[bytes], time_s: float) -> tuple[str, str]:
    """Read both streams to their ends, and wait for the process."""
    assert process.stdout is not None  # noqa: S101 -- pipes
    assert process.stderr is not None  # noqa: S101
    said: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    flood, end = 0, time.monotonic() + time_s
    with selectors.DefaultSelector() as waiting:
        for stream in said:
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(max(0.0, end - time.monotonic()))
            if not ready:
                raise WorkerError(f"the worker gave no answer within {time_s:g} s")
            for key, _ in ready:
                stream = next(each for each in said if each is key.fileobj)
                chunk = os.read(stream.fileno(), _CHUNK)
                if not chunk:
                    waiting.unregister(stream)
                said[stream] += chunk
                if stream is process.stderr:
                    flood += len(chunk)
                    del said[stream][:-_KEPT_STDERR_BYTES]
            if flood > _MOST_STDERR_BYTES or len(said[process.stdout]) > _MOST_ANSWER_BYTES:
                raise WorkerError("the worker says more than it may, and was stopped")
    try:
        process.wait(max(1.0, end - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise WorkerError(f"the worker did not end within {time_s:g} s") from error
    stdout, stderr = (bytes(each).decode(errors="replace") for each in said.values())
    return stdout, stderr
