"""Profile model files: the time of each operator, in runs of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit import __version__
from edgekit.devices.measuring.latency import (
    FileIdentity,
    Progress,
    Request,
    identify,
    runtime_of,
    turns,
)
from edgekit.devices.reports.profile import (
    ALONE,
    PROFILER,
    ProfileReport,
    ProfileRun,
)
from edgekit.devices.settings import ProfileSettings
from edgekit.devices.targets import Target, refuse_emulated
from edgekit.errors import WorkerError
from edgekit.files import documents
from edgekit.processes import child
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Machine
from edgekit.runtimes.operators import Operator, OperatorTime

if TYPE_CHECKING:
    from edgekit.modelfile.tflite_cut import Cut

_INCLUDED = OperatorTime(0.0, 0)  # timed with the operator after it


@dataclass(frozen=True)
class _Answer:
    model: ModelInfo
    machine: Machine
    operators: tuple[Operator, ...]
    run: ProfileRun


def profile(
    requests: Sequence[Request],
    settings: ProfileSettings,
    target: Target,
    progress: Callable[[Progress], None] | None = None,
) -> list[ProfileReport]:
    """Profile each file in ``settings.children`` fresh processes, in which files take turns.

    On ONNX Runtime the operators are those of the optimised graph, timed by its own profiler; on
    LiteRT, which offers none to Python, those of the file, each timed alone (see
    `edgekit.modelfile.tflite_cut`). Both also time the whole file, without a profiler.

    Args:
        requests: what to profile.
        settings: how.
        target: where.
        progress: called before each process.

    Returns:
        The reports in the order of ``requests``.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UnknownNameError: no runtime is called that.
        UsageError: a file's suffix belongs to no runtime, and none was named.
        UnreadableModelError: a runtime rejects a file.
        MissingPackageError: a runtime is not installed on the target.
        RefusedError: the target is an emulated machine, on which time means nothing; or a profile
            cannot be matched with its graph.
        WorkerError: a process died, hung or answered nonsense; says which.
    """
    refuse_emulated(target)
    with child.scratch_folder() as folder:
        subjects = [
            _subject(request, settings, folder / f"{number}.zip")
            for number, request in enumerate(requests)
        ]
        total = len(requests) * settings.children
        order = turns(len(requests), settings.children, settings.seed)
        for done, number in enumerate(order):
            if progress is not None:
                progress(Progress(requests[number], done, total))
            subjects[number].ask(target, settings)
    return [subject.report(settings, target) for subject in subjects]


@dataclass
class _Subject:
    """One file: what to ask of it, and what came of it."""

    request: Request
    file: FileIdentity
    job: dict[str, Any]
    cut: Cut | None  # on LiteRT
    answers: list[_Answer]

    def ask(self, target: Target, settings: ProfileSettings) -> None:
        try:
            answer = documents.decode(_Answer, target.run(self.job, settings.timeout_s))
            self.answers.append(answer if self.cut is None else _shared_out(answer, self.cut))
        except (ValueError, WorkerError) as error:
            reason = error if isinstance(error, WorkerError) else f"not understood: {error}"
            raise WorkerError(
                f"{self.request.path}, process {len(self.answers) + 1} of {settings.children}: "
                f"{reason}"
            ) from error

    def report(self, settings: ProfileSettings, target: Target) -> ProfileReport:
        first = self.answers[0]
        for other in self.answers:
            if (other.model, other.machine, other.operators) != (
                first.model,
                first.machine,
                first.operators,
            ):
                raise WorkerError(f"{self.request.path}: the file, runtime or machine changed")
        return ProfileReport(
            file=str(self.request.path),
            sha256=self.file.sha256,
            size_bytes=self.file.size_bytes,
            model=self.request.model,
            precision=self.request.precision,
            macs=self.request.macs,
            target=target.name,
            edgekit_version=__version__,
            method=PROFILER if self.cut is None else ALONE,
            settings=settings,
            info=first.model,
            machine=first.machine,
            operators=first.operators,
            runs=tuple(answer.run for answer in self.answers),
        )


def _shared_out(answer: _Answer, cut: Cut) -> _Answer:
    """Give each operator the time of the pair of models that stands for it."""
    times = answer.run.times
    if len(times) != len(cut.repeats):
        raise ValueError(f"{len(times)} times for {len(cut.repeats)} pairs of models")
    shared = tuple(_INCLUDED if pair is None else times[pair] for pair in cut.measured_as)
    run = replace(answer.run, times=shared)
    return replace(answer, operators=cut.operators, run=run)


def _subject(request: Request, settings: ProfileSettings, archive: Path) -> _Subject:
    file, runtime = identify(request.path), runtime_of(request)
    job: dict[str, Any] = {
        **asdict(settings),
        "task": "profile",
        "runtime": runtime,
        "path": str(request.path.absolute()),
    }
    cut = None
    if runtime == "tflite":
        from edgekit.modelfile import tflite_cut

        cut = tflite_cut.cut(request.path, archive)
        job.update(files=[{"path": str(archive)}], repeats=[list(pair) for pair in cut.repeats])
    return _Subject(request, file, job, cut, [])
