"""Profile model files: the time of each operator, in runs of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgekit.devices.measuring.answers import ProfileAnswer, ask, check_constant
from edgekit.devices.measuring.request import FileFacts, ModelFile, facts_of, identity, in_turns
from edgekit.devices.reports.profile import ALONE, PROFILER, ProfileReport
from edgekit.devices.settings import ProfileSettings
from edgekit.devices.targets import Target, opened, refuse_emulated
from edgekit.devices.targets.local import LOCAL
from edgekit.errors import WorkerError
from edgekit.processes import child
from edgekit.progress import Counter, Progress, silent
from edgekit.runtimes.jobs import JobFile, ProfileJob
from edgekit.runtimes.operators import OperatorTime

if TYPE_CHECKING:
    from edgekit.modelfile.tflite_cut import Cut

_INCLUDED = OperatorTime(0.0, 0)  # timed with the operator after it


@dataclass(frozen=True)
class ProfileRequest:
    """Where does these files' time go?

    Attributes:
        files: what to profile.
        settings: how; all files are profiled under the first, then under the second, and so on.
        target: where.
    """

    files: tuple[ModelFile, ...]
    settings: tuple[ProfileSettings, ...] = (ProfileSettings(),)
    target: Target = LOCAL


def profile(request: ProfileRequest, progress: Progress = silent) -> tuple[ProfileReport, ...]:
    """Profile each file in ``children`` fresh processes, in which files take turns.

    On ONNX Runtime the operators are those of the optimized graph, timed by its own profiler; on
    LiteRT, which offers none to Python, those of the file, each timed alone (see
    `edgekit.modelfile.tflite_cut`). Both also time the whole file, without a profiler.

    Args:
        request: what, how and where.
        progress: told before each process.

    Returns:
        For each of the settings the reports in the order of ``files``.

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
    target, files = request.target, request.files
    refuse_emulated(target)
    steps = Counter(progress, len(files) * sum(each.children for each in request.settings))
    reports = []
    with child.scratch_folder() as folder:
        prepared = [_prepare(file, folder / f"{number}.zip") for number, file in enumerate(files)]
        with opened(target, progress):
            for settings in request.settings:
                ask = partial(_asked, prepared, target, settings)
                answers = in_turns(files, settings, steps, "profiling", ask)
                reports += [
                    each.report(found, settings, target)
                    for each, found in zip(prepared, answers, strict=True)
                ]
    return tuple(reports)


@dataclass(frozen=True)
class _PreparedFile:
    """A file, and for LiteRT the models of its operators.

    Attributes:
        facts: what the report says of it.
        for_job: the file.
        archive: the operators' models; none for ONNX Runtime.
        cut: how the models came about; None for ONNX Runtime.
    """

    facts: FileFacts
    for_job: JobFile
    archive: tuple[JobFile, ...] = ()
    cut: Cut | None = None

    def ask(self, target: Target, settings: ProfileSettings) -> ProfileAnswer:
        """Profile the file in one process."""
        answer = ask(ProfileAnswer, target, self._job(settings), settings.timeout_s)
        return answer if self.cut is None else _shared_out(answer, self.cut)

    def _job(self, settings: ProfileSettings) -> ProfileJob:
        return ProfileJob(
            runtime=self.for_job.runtime,
            path=self.for_job.path,
            threads=settings.threads,
            seed=settings.seed,
            num_runs=settings.num_runs,
            min_secs=settings.min_secs,
            max_secs=settings.max_secs,
            warmup_runs=settings.warmup_runs,
            warmup_secs=settings.warmup_secs,
            operator_secs=settings.operator_secs,
            cpus=settings.cpus,
            files=self.archive,
            repeats=() if self.cut is None else self.cut.repeats,
        )

    def report(
        self, answers: list[ProfileAnswer], settings: ProfileSettings, target: Target
    ) -> ProfileReport:
        """Return what the processes found."""
        check_constant(answers, self.facts["file"])
        return ProfileReport(
            **identity(self.facts, target),
            method=PROFILER if self.cut is None else ALONE,
            settings=settings,
            info=answers[0].model,
            machine=answers[0].machine,
            operators=answers[0].operators,
            runs=tuple(answer.run for answer in answers),
        )


def _asked(
    prepared: Sequence[_PreparedFile], target: Target, settings: ProfileSettings, number: int
) -> ProfileAnswer:
    return prepared[number].ask(target, settings)


def _prepare(file: ModelFile, archive: Path) -> _PreparedFile:
    facts, for_job = facts_of(file), file.for_job
    if for_job.runtime != "tflite":
        return _PreparedFile(facts, for_job)
    from edgekit.modelfile import tflite_cut

    cut = tflite_cut.cut(file.path, archive)
    return _PreparedFile(facts, for_job, (JobFile(for_job.runtime, str(archive)),), cut)


def _shared_out(answer: ProfileAnswer, cut: Cut) -> ProfileAnswer:
    """Give each operator the time of the pair of models that stands for it."""
    times = answer.run.times
    if len(times) != len(cut.repeats):
        raise WorkerError(f"not understood: {len(times)} times for {len(cut.repeats)} pairs")
    shared = tuple(_INCLUDED if pair is None else times[pair] for pair in cut.measured_as)
    return replace(answer, operators=cut.operators, run=replace(answer.run, times=shared))
