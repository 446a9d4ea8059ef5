"""What a worker is asked to do, as both sides know it: one job, one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import ClassVar


@dataclass(frozen=True)
class Job:
    """A job of one of the kinds below."""

    task: ClassVar[str]

    def to_json(self) -> str:
        """Return the job as one line of JSON, which `read` takes."""
        return json.dumps({"task": self.task, **asdict(self)})

    def moved(self, move: Callable[[str], str]) -> Job:  # noqa: ARG002 -- there are no files
        """Return the job with the path of each of its files replaced by what ``move`` returns."""
        return self


@dataclass(frozen=True)
class ProbeJob(Job):
    """Say what the machine is and which runtimes it has."""

    task = "probe"


@dataclass(frozen=True)
class FileJob(Job):
    """A job on one model file.

    Attributes:
        runtime: canonical name of the runtime to load it with.
        path: the file.
        threads: threads the runtime may compute with.
    """

    runtime: str
    path: str
    threads: int

    def moved(self, move: Callable[[str], str]) -> FileJob:
        """Return the job on the file's copy."""
        return replace(self, path=move(self.path))


@dataclass(frozen=True)
class DescribeJob(FileJob):
    """Load a file and describe it."""

    task = "describe"


@dataclass(frozen=True)
class RunJob(FileJob):
    """Run a file once for each of the sets of inputs in a file.

    Attributes:
        inputs: path of an archive of sets (see `edgekit.runtimes.arrays`).
        outputs: path of the archive to write.
        exact_sums: see `edgekit.runtimes.ort.session.load`.
        as_written: likewise; of .onnx files alone.
        float16: compute in float16 (see `edgekit.runtimes.litert.compiled.load`); of .tflite files
            alone.
        other_outputs: path of the archive for what the kernels that the runtime does not choose by
            itself make of the first set (see `OtherKernelsJob`); empty: they are not asked.
    """

    task = "run"

    inputs: str
    outputs: str
    exact_sums: bool
    as_written: bool = False
    float16: bool = False
    other_outputs: str = ""


@dataclass(frozen=True)
class OtherKernelsJob(FileJob):
    """Run a file once on each set of kernels that its runtime does not choose by itself.

    Attributes:
        inputs: path of an archive of one set (see `edgekit.runtimes.arrays`).
        outputs: path of the archive to write: one set for each set of kernels.
        reference: the runtime's reference kernels too.
    """

    task = "other-kernels"

    inputs: str
    outputs: str
    reference: bool


@dataclass(frozen=True)
class ServeJob(FileJob):
    """Load a file and go on after the answer: sets of inputs come on stdin until it closes.

    Attributes:
        exact_sums: see `edgekit.runtimes.ort.session.load`.
        float16: as in `RunJob`.
    """

    task = "serve"

    exact_sums: bool
    float16: bool = False


@dataclass(frozen=True)
class MeasureJob(FileJob):
    """Load a file, warm it up and time it.

    Attributes:
        seed: of the random inputs.
        num_runs: least number of timed runs.
        min_secs: least seconds of the timed runs.
        max_secs: seconds after which no further run is timed.
        warmup_runs: least number of untimed runs before.
        warmup_secs: least seconds of these.
        cpus: processors to run on (see `edgekit.runtimes.machine.pin`); None: any.
        cool_to_c: wait first until the hottest thermal zone is no hotter; None: do not wait.
        cool_down_secs: wait no longer than that.
        weight_cache: of .tflite files, with XNNPACK's packed weights in a file: ``cold`` makes it,
            ``warm`` finds it made; ``off`` loads without, in the same way; empty: as always.
    """

    task = "measure"

    seed: int
    num_runs: int
    min_secs: float
    max_secs: float
    warmup_runs: int
    warmup_secs: float
    cpus: str | None = None
    cool_to_c: float | None = None
    cool_down_secs: float = 0.0
    weight_cache: str = ""


@dataclass(frozen=True)
class JobFile:
    """One of several files of a job.

    Attributes:
        runtime: canonical name of the runtime that it is for.
        path: the file.
    """

    runtime: str
    path: str


@dataclass(frozen=True)
class CompareJob(Job):
    """Load several files, warm them up, and time them in blocks that take turns.

    Attributes:
        files: the files.
        threads: threads the runtimes may compute with.
        order_seed: of the order of loading and of the turns.
        seed: as in `MeasureJob`, like all further ones; ``max_secs`` is for all files together.
    """

    task = "compare"

    files: tuple[JobFile, ...]
    threads: int
    order_seed: int
    seed: int
    num_runs: int
    min_secs: float
    max_secs: float
    warmup_runs: int
    warmup_secs: float
    cpus: str | None = None
    cool_to_c: float | None = None
    cool_down_secs: float = 0.0

    def moved(self, move: Callable[[str], str]) -> CompareJob:
        """Return the job on the files' copies."""
        return replace(self, files=_moved(self.files, move))


@dataclass(frozen=True)
class SustainJob(FileJob):
    """Run a file without a pause for long.

    Attributes:
        seed: of the random inputs.
        secs: how long.
        window_secs: of one entry of the time series.
        cpus: as in `MeasureJob`.
    """

    task = "sustain"

    seed: int
    secs: float
    window_secs: float
    cpus: str | None = None


@dataclass(frozen=True)
class CountJob(FileJob):
    """Run a file between marks that an emulator's plugin sees.

    Attributes:
        seed: of the random inputs.
        num_runs: marked runs.
        warmup_runs: runs before.
    """

    task = "count"

    seed: int
    num_runs: int
    warmup_runs: int


@dataclass(frozen=True)
class ProfileJob(FileJob):
    """Time a file as a whole, and then its operators.

    Attributes:
        seed: as in `MeasureJob`, like all further ones that have a name of its.
        operator_secs: of an operator alone, least seconds of each of four stretches of runs.
        files: for LiteRT, the archive of the operators' models; else none.
        repeats: of each pair of models in it how often they hold the operator, the fewer first.
    """

    task = "profile"

    seed: int
    num_runs: int
    min_secs: float
    max_secs: float
    warmup_runs: int
    warmup_secs: float
    operator_secs: float
    cpus: str | None = None
    files: tuple[JobFile, ...] = ()
    repeats: tuple[tuple[int, int], ...] = ()

    def moved(self, move: Callable[[str], str]) -> ProfileJob:
        """Return the job on the files' copies."""
        return replace(self, path=move(self.path), files=_moved(self.files, move))


def _moved(files: tuple[JobFile, ...], move: Callable[[str], str]) -> tuple[JobFile, ...]:
    return tuple(replace(file, path=move(file.path)) for file in files)


_KINDS = {
    kind.task: kind
    for kind in (
        ProbeJob,
        DescribeJob,
        RunJob,
        OtherKernelsJob,
        ServeJob,
        MeasureJob,
        CompareJob,
        SustainJob,
        CountJob,
        ProfileJob,
    )
}


def read(line: bytes | str) -> Job:
    """Return the job that `Job.to_json` wrote.

    Raises:
        KeyError: there is no such task.
        TypeError: a job of this kind has other fields.
    """
    fields = json.loads(line)
    kind = _KINDS[fields.pop("task")]
    if "files" in fields:
        fields["files"] = tuple(JobFile(**file) for file in fields["files"])
    job: Job = kind(**fields)
    return job
