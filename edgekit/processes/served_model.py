"""A model that stays loaded in a child process and answers one set of inputs after another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from edgekit.errors import EdgekitError, WorkerError
from edgekit.processes import answers, child, spawning, worker_archive
from edgekit.processes.spawning import Limits
from edgekit.runtimes.base import ModelInfo
from edgekit.runtimes.jobs import ServeJob

if TYPE_CHECKING:
    import numpy as np

SECS_PER_ANSWER = 60.0
"""After which a child is given up; generous for one image on a slow machine."""

_SECS_TO_END = 5.0
_KEPT_STDERR_BYTES = 64 << 10
_MOST_FILE_BYTES = 64 << 20  # it writes no file but stderr


class ServedModel:
    """A loaded model file; made by `serve`.

    Every `send` is followed by one `receive`. In between the child computes, and the caller has
    its hands free.

    Attributes:
        info: what the runtime says about the file.
    """

    def __init__(self, process: subprocess.Popen[bytes], stderr: IO[bytes], job: ServeJob) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a served model talks through stdin and stdout")
        self._process, self._stderr = process, stderr
        self._to_child, self._from_child = process.stdin, process.stdout
        self._expired = threading.Event()
        try:
            with self._within(child.DEFAULT_TIMEOUT_S):
                self._to_child.write(job.to_json().encode() + b"\n")
                self._to_child.flush()
                self.info = answers.decoded(ModelInfo, self._next_line(), "model")
        except BaseException:
            self.close()
            raise

    def send(self, feeds: Mapping[str, np.ndarray]) -> None:
        """Hand over one set of inputs, in the file's dtype and layout, and return.

        Raises:
            WorkerError: the child died or hung.
        """
        from edgekit.runtimes.arrays import send_set

        with self._within(SECS_PER_ANSWER):
            send_set(self._to_child, feeds)

    def receive(self) -> dict[str, np.ndarray]:
        """Wait for the outputs that belong to the last `send`, by name; they are read-only.

        Raises:
            UsageError: an input's name, dtype or shape is not the file's.
            WorkerError: the child died or hung.
        """
        from edgekit.runtimes.arrays import receive_set

        with self._within(SECS_PER_ANSWER):
            return receive_set(self._next_line(), self._from_child)

    def close(self) -> None:
        """End the child: its stdin closes, and if that does not end it, a signal does."""
        timer = threading.Timer(_SECS_TO_END, self._kill)
        timer.start()
        with suppress(OSError):
            self._to_child.close()
        self._process.wait()
        timer.cancel()
        self._from_child.close()
        self._stderr.close()

    def _next_line(self) -> dict[str, Any]:
        line = self._from_child.readline()
        if not line:
            raise EOFError
        answer = answers.parsed(line)
        if answer is None:
            raise WorkerError("the worker's answer is not JSON")
        if "error" in answer:
            raise answers.same_error(answer["error"])
        return answer

    @contextmanager
    def _within(self, secs: float) -> Iterator[None]:
        """Kill the child after ``secs``, and say what became of it if it stops talking."""
        timer = threading.Timer(secs, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, OSError) as error:
            raise self._what_happened(secs) from error
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._expired.set()
        self._kill()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _what_happened(self, secs: float) -> EdgekitError:
        rest = self._from_child.read().decode(errors="replace")
        returncode = self._process.wait()
        if self._expired.is_set():
            return WorkerError(f"the worker gave no answer within {secs:g} s")
        said = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, said - _KEPT_STDERR_BYTES))
        try:
            answers.read(returncode, rest, self._stderr.read().decode(errors="replace"))
        except EdgekitError as error:
            return error
        return WorkerError("the worker ended too early")


@contextmanager
def serve(
    path: str | Path, runtime: str | None = None, threads: int = 1, *, float16: bool = False
) -> Iterator[ServedModel]:
    """Load a model file in a child process that stays until the end of the ``with`` block.

    The child also ends if this process is killed. Its int8 sums are exact, as in
    `edgekit.processes.child.run`.

    Args:
        path: the model file.
        runtime: name or alias of a runtime; None takes the one for the file's suffix.
        threads: number of threads the runtime may compute with.
        float16: a .tflite file computes in float16, whatever it and this processor say.

    Raises:
        WorkerError: the child could not be started, hung or died.
        EdgekitError: what `edgekit.processes.child.describe` raises.
    """
    job = ServeJob(*child.located(path, runtime), threads, exact_sums=True, float16=float16)
    # The folder need not outlast the loading: by then all of the program is imported.
    with child.scratch_folder() as folder:
        program = folder / "worker.pyz"
        program.write_bytes(worker_archive.build())
        # A file, because a pipe that nobody empties would stop the child.
        stderr = (folder / "stderr").open("w+b")
        process = _start(program, stderr)
        spawning.confine(
            process.pid, Limits(child.DEFAULT_TIMEOUT_S, child.memory_for(job), _MOST_FILE_BYTES)
        )
        model = ServedModel(process, stderr, job)
    try:
        yield model
    finally:
        model.close()


def _start(program: Path, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-P", str(program)]
    try:
        return subprocess.Popen(  # noqa: S603 -- our own interpreter, no shell
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,  # its own process group, which can be killed whole
        )
    except OSError as error:
        stderr.close()
        raise WorkerError(f"cannot start {argv[0]}: {error.strerror}") from error
