"""Run models in fresh child processes, so that a crash of a runtime is only an error message.

A child can also run under another instruction set than this processor's, in an emulator (see
`edgekit.emulation.isa`): for what a file computes, never for how long it takes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.emulation.isa import NATIVE, Launcher, launcher
from edgekit.errors import InvalidPathError, StorageError, WorkerError
from edgekit.files import scratch
from edgekit.processes import answers, worker_archive
from edgekit.processes.spawning import Limits, Started
from edgekit.runtimes import for_file, resolve
from edgekit.runtimes.base import ModelInfo
from edgekit.runtimes.jobs import DescribeJob, Job, OtherKernelsJob, RunJob

if TYPE_CHECKING:
    import numpy as np

DEFAULT_TIMEOUT_S = 600.0
_SECS_PER_SET = 10.0  # generous for one image on a slow machine
_SECS_PER_EMULATED_SET = 300.0  # emulation makes float networks 300 to 700 times slower

_MEMORY_BYTES = 8 << 30  # what an empty process and small files take of the address space, amply
_MEMORY_PER_BYTE = 16  # of the file: a runtime copies and packs its weights


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
    return answers.decoded(ModelInfo, answer, "model")


def run(
    path: str | Path,
    feeds: Sequence[Mapping[str, np.ndarray]],
    runtime: str | None = None,
    threads: int = 1,
    isa: str = NATIVE,
    *,
    exact_sums: bool = True,
    as_written: bool = False,
    float16: bool = False,
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
        float16: a .tflite file computes in float16, whatever it and this processor say.

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
        places = (str(inputs), str(outputs))
        job = RunJob(name, place, threads, *places, exact_sums, as_written, float16)
        answer = call(job, DEFAULT_TIMEOUT_S + secs_per_set * len(feeds), isa=isa)
        return answers.decoded(ModelInfo, answer, "model"), list(read_sets(outputs))


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


def run_on_all_kernels(
    path: str | Path, feeds: Sequence[Mapping[str, np.ndarray]], runtime: str | None = None
) -> tuple[ModelInfo, list[dict[str, np.ndarray]], list[KernelAnswer]]:
    """Run a model file as `run` does, and on the kernels that its runtime has in reserve.

    Args:
        path: the model file.
        feeds: as for `run`; the other kernels get the first one.
        runtime: name or alias of a runtime; None takes the one for the file's suffix.

    Returns:
        What `run` returns, and an answer for each set of other kernels: none of a runtime that has
        one set alone, nor of reference kernels that die or lack an operator.

    Raises:
        WorkerError: the child died; and as for `run`.
    """
    from edgekit.runtimes.arrays import read_sets, write_sets

    name, place = located(path, runtime)
    with scratch_folder() as folder:
        inputs, outputs, others = (folder / f"{each}.zip" for each in ("in", "out", "others"))
        write_sets(inputs, feeds)
        places = (str(inputs), str(outputs))
        job = RunJob(name, place, 1, *places, exact_sums=True, other_outputs=str(others))
        try:
            answer = call(job, DEFAULT_TIMEOUT_S + _SECS_PER_SET * len(feeds))
        except WorkerError:  # LiteRT's reference ends it for a flat Softmax over 512 classes
            info, own = run(path, feeds, runtime)
            write_sets(inputs, feeds[:1])
            rest = OtherKernelsJob(name, place, 1, str(inputs), str(others), reference=False)
            answer = call(rest)
        else:
            info = answers.decoded(ModelInfo, answer, "model")
            own = list(read_sets(outputs))
        rows = answers.decoded(tuple[_KernelRow, ...], answer, "kernels")
        found = zip(rows, read_sets(others), strict=True)
        return info, own, [KernelAnswer(row.name, each, row.trouble) for row, each in found]


@dataclass(frozen=True)
class _KernelRow:
    name: str
    trouble: str


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a temporary folder; whatever the file system then refuses is a StorageError."""
    try:
        with scratch.folder() as folder:
            yield folder
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


_waiting: dict[str, list[Started]] = {}
"""Workers that were started ahead, by runtime."""


@contextmanager
def ahead(*names: str) -> Iterator[None]:
    """Start workers that the next runs of model files take: they import while this process works.

    Those that nobody has taken by the end are ended.

    Args:
        names: canonical name of the runtime of each.
    """
    with scratch_folder() as folder:
        started = []
        try:
            with suppress(WorkerError):  # `call` says so where it matters
                for name in names:
                    started.append((name, _started((), launcher(NATIVE), folder, name)))
                    _waiting.setdefault(name, []).append(started[-1][1])
            yield
        finally:
            for name, worker in started:
                with suppress(ValueError):  # it was taken
                    _waiting[name].remove(worker)
                    worker.abandon()


def _call(
    job: Job, timeout_s: float, command_prefix: Sequence[str], start: Launcher
) -> dict[str, Any]:
    # An emulator maps the whole address space of what it emulates.
    memory = None if start.is_emulated else memory_for(job)
    usual = job.runtime if isinstance(job, RunJob) else ""
    if start.is_emulated or command_prefix:
        usual = ""
    with scratch_folder() as folder:
        try:
            worker = _waiting[usual].pop()
        except LookupError:
            worker = _started(command_prefix, start, folder)
        done = worker.finish(job.to_json(), Limits(timeout_s, memory))
    return answers.read(*done)


def _started(
    command_prefix: Sequence[str], start: Launcher, folder: Path, *runtime: str
) -> Started:
    program = folder / "worker.pyz"
    program.write_bytes(worker_archive.build())
    # -P keeps the working directory off the path; the archive comes first on it.
    argv = [*command_prefix, *start.prefix, start.interpreter, "-P", str(program), *runtime]
    # Whatever a runtime leaves in its temporary folder goes with ours.
    return Started(argv, {**(start.environment or os.environ), "TMPDIR": str(folder)})


def memory_for(job: Job) -> int:
    """Return the address space that a worker may use for the files of a job, in bytes."""
    sizes: list[int] = []

    def counted(path: str) -> str:
        with suppress(OSError):
            sizes.append(os.stat(path).st_size)  # noqa: PTH116 -- of a text
        return path

    job.moved(counted)
    return _MEMORY_BYTES + _MEMORY_PER_BYTE * sum(sizes)
