"""Run models in fresh child processes, so that a crash of a runtime is only an error message.

A child can also run under another instruction set than this processor's, in an emulator (see
`edgekit.emulation.isa`): for what a file computes, never for how long it takes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit import errors
from edgekit.emulation.isa import NATIVE, Launcher, launcher
from edgekit.errors import EdgekitError, InvalidPathError, StorageError, WorkerError
from edgekit.files import documents
from edgekit.processes import worker_archive
from edgekit.runtimes import for_file, resolve
from edgekit.runtimes.base import ModelInfo
from edgekit.runtimes.jobs import DescribeJob, Job, OtherKernelsJob, RunJob

if TYPE_CHECKING:
    import numpy as np

DEFAULT_TIMEOUT_S = 600.0
_SECS_PER_SET = 10.0  # generous for one image on a slow machine
_SECS_PER_EMULATED_SET = 300.0  # emulation makes float networks 300 to 700 times slower

_SIGNAL_MEANINGS = {
    signal.SIGKILL: "out of memory, or killed by hand",
    signal.SIGSEGV: "the runtime crashed on this file",
    signal.SIGABRT: "the runtime gave up on this file",
    signal.SIGBUS: "the runtime crashed on this file",
    signal.SIGILL: "the runtime uses an instruction that this processor lacks",
    signal.SIGFPE: "the runtime crashed on this file",
}


def describe(
    path: str | Path, runtime: str | None = None, threads: int = 1, isa: str = NATIVE
) -> ModelInfo:
    """Load a model file in a child process and return what the runtime says about it.

    Args:
        path: the model file.
        runtime: name or alias of a runtime; None takes the one for the file's suffix.
        threads: number of threads the runtime may compute with.
        isa: instruction set that the child runs under.

    Raises:
        InvalidPathError: there is no such file.
        UsageError: no runtime runs files of this suffix.
        UnknownNameError: no runtime or instruction set is called that.
        UnreadableModelError: the runtime rejects the file.
        MissingPackageError: the runtime is not installed.
        EnvironmentMissingError: this machine cannot run that instruction set.
        WorkerError: the child died.
    """
    answer = call(DescribeJob(*located(path, runtime), threads), isa=isa)
    return documents.decode(ModelInfo, answer["model"])


def run(
    path: str | Path,
    feeds: Sequence[Mapping[str, np.ndarray]],
    runtime: str | None = None,
    threads: int = 1,
    isa: str = NATIVE,
    *,
    exact_sums: bool = True,
    as_written: bool = False,
) -> tuple[ModelInfo, list[dict[str, np.ndarray]]]:
    """Run a model file in a child process, once for each set of inputs.

    Args:
        path: the model file.
        feeds: sets of inputs; each maps input names to arrays in the file's dtype and layout.
        runtime: name or alias of a runtime; None takes the one for the file's suffix.
        threads: number of threads the runtime may compute with.
        isa: instruction set that the child runs under.
        exact_sums: answer as processors do whose int8 sums do not saturate (see
            `edgekit.runtimes.ort.session.load`), not as this one may.
        as_written: an .onnx file runs without any optimization.

    Returns:
        What the runtime says about the file, and for each set the outputs by name, in the file's
        dtype and layout.

    Raises:
        UsageError: an input's name, dtype or shape is not the file's; and as for `describe`.
    """
    from edgekit.runtimes.arrays import read_sets, write_sets

    name, place = located(path, runtime)
    with scratch_folder() as folder:
        inputs, outputs = folder / "inputs.zip", folder / "outputs.zip"
        write_sets(inputs, feeds)
        secs_per_set = _SECS_PER_SET if isa == NATIVE else _SECS_PER_EMULATED_SET
        job = RunJob(name, place, threads, str(inputs), str(outputs), exact_sums, as_written)
        answer = call(job, DEFAULT_TIMEOUT_S + secs_per_set * len(feeds), isa=isa)
        return documents.decode(ModelInfo, answer["model"]), list(read_sets(outputs))


@dataclass(frozen=True, eq=False)
class KernelAnswer:
    """What one set of a runtime's kernels makes of a file.

    Attributes:
        kernels: whose.
        outputs: by name, in the file's dtype and layout; empty if there is trouble.
        trouble: why they did not run the file; empty if they did.
    """

    kernels: str
    outputs: Mapping[str, np.ndarray]
    trouble: str


def run_on_other_kernels(
    path: str | Path, feeds: Mapping[str, np.ndarray], runtime: str | None = None
) -> list[KernelAnswer]:
    """Run a model file in a child process on each set of kernels that its runtime has in reserve.

    Args:
        path: the model file.
        feeds: input names to arrays in the file's dtype and layout.
        runtime: name or alias of a runtime; None takes the one for the file's suffix.

    Returns:
        Nothing for a runtime that has one set of kernels.

    Raises:
        WorkerError: the child died; and as for `describe`.
    """
    from edgekit.runtimes.arrays import read_sets, write_sets

    name, place = located(path, runtime)
    with scratch_folder() as folder:
        inputs, outputs = folder / "inputs.zip", folder / "outputs.zip"
        write_sets(inputs, [feeds])
        answer = call(OtherKernelsJob(name, place, 1, str(inputs), str(outputs)))
        found = zip(answer["kernels"], read_sets(outputs), strict=True)
        return [KernelAnswer(row["name"], each, row["trouble"]) for row, each in found]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a temporary folder; whatever the file system then refuses is a StorageError."""
    try:
        with tempfile.TemporaryDirectory(prefix="edgekit-") as folder:
            yield Path(folder)
    except OSError as error:
        raise StorageError(
            f"cannot use the temporary folder {tempfile.gettempdir()}: {error.strerror}"
        ) from error


def located(path: str | Path, runtime: str | None) -> tuple[str, str]:
    """Return what a job says of a model file: the runtime's canonical name and the whole path.

    Raises:
        InvalidPathError: there is no such file.
        UsageError: no runtime runs files of this suffix.
        UnknownNameError: no runtime is called that.
    """
    name = for_file(path) if runtime is None else resolve(runtime)
    if not Path(path).is_file():
        raise InvalidPathError(f"{path}: no such file")
    return name, str(Path(path).absolute())


def call(
    job: Job,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    command_prefix: Sequence[str] = (),
    isa: str = NATIVE,
) -> dict[str, Any]:
    """Give one job to one fresh worker process and return its answer.

    The child and all that it started end with this call, however the call ends, and also if this
    process is killed.

    Args:
        job: what the worker is asked to do.
        timeout_s: seconds after which the child is killed.
        command_prefix: program and arguments to start the worker with, such as
            ``("taskset", "-c", "1")``.
        isa: instruction set that the child runs under.

    Raises:
        UnknownNameError: no instruction set is called that.
        EnvironmentMissingError: this machine cannot run that instruction set.
        WorkerError: the child could not be started, hung, died, or gave no answer.
        StorageError: the temporary folder is full or cannot be written.
        EdgekitError: whatever the worker itself raised, as the same class.
    """
    start = launcher(isa)
    try:
        return _call(job, timeout_s, command_prefix, start)
    except WorkerError as error:
        if not start.is_emulated:
            raise
        raise WorkerError(f"under {isa}: {error}") from error


def _call(
    job: Job, timeout_s: float, command_prefix: Sequence[str], start: Launcher
) -> dict[str, Any]:
    with scratch_folder() as folder:
        program = folder / "worker.pyz"
        program.write_bytes(worker_archive.build())
        # -P keeps the working directory off the path; the archive comes first on it.
        argv = [*command_prefix, *start.prefix, start.interpreter, "-P", str(program)]
        returncode, stdout, stderr = spawn(argv, start.environment, job.to_json(), timeout_s)
    return read_answer(returncode, stdout, stderr)


def spawn(
    argv: list[str], environment: Mapping[str, str] | None, job: str, timeout_s: float
) -> tuple[int, str, str]:
    """Start a worker, give it one job, and wait for its end.

    Args:
        argv: the program and its arguments.
        environment: its environment; None takes this process's.
        job: one line of JSON.
        timeout_s: seconds after which it is killed with all that it started.

    Returns:
        exit status, stdout and stderr.

    Raises:
        WorkerError: it could not be started, or gave no answer in time.
    """
    # The worker takes the closing of this pipe as the sign that this process is gone.
    job_fd, keep_fd = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter, no shell
            argv,
            stdin=job_fd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment,
            start_new_session=True,  # its own process group, which can be killed whole
        )
    except OSError as error:
        os.close(keep_fd)
        raise WorkerError(f"cannot start {argv[0]}: {error.strerror}") from error
    finally:
        os.close(job_fd)
    with process:
        try:
            with suppress(BrokenPipeError):  # it died at once: its exit status says why
                os.write(keep_fd, job.encode() + b"\n")
            stdout, stderr = process.communicate(timeout=timeout_s)
        except BaseException as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise WorkerError(f"the worker gave no answer within {timeout_s:g} s") from error
            raise
        finally:
            os.close(keep_fd)
    return process.returncode, stdout, stderr


def read_answer(returncode: int, stdout: str, stderr: str) -> dict[str, Any]:
    """Return the answer that a worker left behind; raise what it raised, or what ended it."""
    last_line = (stdout.strip().splitlines() or [""])[-1]
    try:
        answer = json.loads(last_line)
    except ValueError:
        answer = None
    if isinstance(answer, dict) and "error" in answer:
        raise same_error(answer["error"])
    if returncode < 0:
        name, meaning = _signal_words(-returncode)
        raise WorkerError(f"the worker was killed by {name}: {meaning}")
    if returncode > 0:
        reason = (stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise WorkerError(f"the worker failed with exit status {returncode}: {reason}")
    if not isinstance(answer, dict):
        raise WorkerError(f"the worker's answer is not JSON: {last_line[:80]!r}")
    return answer


def _signal_words(number: int) -> tuple[str, str]:
    try:
        found = signal.Signals(number)
    except ValueError:
        return f"signal {number}", "no known cause"
    return found.name, _SIGNAL_MEANINGS.get(found, "it was stopped from outside")


def same_error(description: Mapping[str, str]) -> EdgekitError:
    """Rebuild an error that the worker raised."""
    kind = getattr(errors, description["type"], WorkerError)
    error: EdgekitError = kind.__new__(kind)
    # The message is written already; the class's own constructor would write it anew.
    EdgekitError.__init__(
        error, description["message"], reason_code=description["reason_code"] or None
    )
    return error
