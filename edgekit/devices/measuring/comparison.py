"""Compare model files: they take turns within each of several fresh processes."""

from __future__ import annotations

from dataclasses import dataclass

from edgekit import __version__
from edgekit.devices.measuring.answers import ComparisonAnswer, ask, check_constant
from edgekit.devices.measuring.request import ModelFile, facts_of
from edgekit.devices.reports.comparison import ComparedFile, Comparison
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Target, opened, refuse_emulated
from edgekit.devices.targets.local import LOCAL
from edgekit.errors import UsageError, WorkerError
from edgekit.progress import Counter, Progress, silent
from edgekit.runtimes.jobs import CompareJob
from edgekit.runtimes.machine import Conditions

# Short processes and more of them: what differs from process to process is the larger part.
COMPARE_SETTINGS = MeasureSettings(children=6, num_runs=30, warmup_secs=0.3)
"""Settings of a comparison, where none are given."""


@dataclass(frozen=True)
class CompareRequest:
    """Are these files faster than that one?

    Attributes:
        base: what to compare with.
        candidates: one or more; each is compared with the base, all within one measurement.
        settings: how; ``num_runs`` and ``min_secs`` hold for each file in each process.
        target: where.

    Raises:
        UsageError: there is no candidate.
    """

    base: ModelFile
    candidates: tuple[ModelFile, ...]
    settings: MeasureSettings = COMPARE_SETTINGS
    target: Target = LOCAL

    def __post_init__(self) -> None:
        if not self.candidates:
            raise UsageError("a comparison needs a candidate beside the base")

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """The base and the candidates."""
        return (self.base, *self.candidates)


def compare(request: CompareRequest, progress: Progress = silent) -> Comparison:
    """Compare candidates with a base, in ``children`` fresh processes.

    Every process loads all the files, in an order of its own, warms each of them up, and times
    them in short blocks that take turns (see `edgekit.runtimes.timing.sample_in_turns`).

    Args:
        request: what, how and where.
        progress: told before each process.

    Raises:
        UsageError: a file's suffix belongs to no runtime.
        InvalidPathError: a file does not exist or cannot be read.
        UnknownNameError: no runtime is called that.
        UnreadableModelError: a runtime rejects a file.
        MissingPackageError: a runtime is not installed on the target.
        RefusedError: the target is an emulated machine, on which time means nothing.
        WorkerError: a process died, hung or answered nonsense; says which.
    """
    target, settings = request.target, request.settings
    refuse_emulated(target)
    facts = [facts_of(file) for file in request.files]
    steps = Counter(progress, settings.children)
    answers: list[ComparisonAnswer] = []
    with opened(target, progress):
        for number in range(settings.children):
            steps.begin("comparing")
            start = answers[0].run.before if answers else None
            try:
                answers.append(_ask(target, _job(request, number, start), settings))
            except WorkerError as error:
                raise WorkerError(
                    f"comparing, process {number + 1} of {settings.children}: {error}"
                ) from error
    check_constant(answers, "comparing")
    return Comparison(
        subjects=tuple(
            ComparedFile(**each, info=info)
            for each, info in zip(facts, answers[0].models, strict=True)
        ),
        target=target.name,
        edgekit_version=__version__,
        settings=settings,
        machine=answers[0].machine,
        runs=tuple(answer.run for answer in answers),
    )


def _job(request: CompareRequest, number: int, start: Conditions | None) -> CompareJob:
    settings = request.settings
    return CompareJob(
        files=tuple(file.for_job for file in request.files),
        threads=settings.threads,
        order_seed=settings.seed + number,
        seed=settings.seed,
        num_runs=settings.num_runs,
        min_secs=settings.min_secs,
        max_secs=settings.max_secs * len(request.files),
        warmup_runs=settings.warmup_runs,
        warmup_secs=settings.warmup_secs,
        cpus=settings.cpus,
        cool_to_c=settings.cool_to_c(start),
        cool_down_secs=settings.cool_down_secs,
    )


def _ask(target: Target, job: CompareJob, settings: MeasureSettings) -> ComparisonAnswer:
    files = len(job.files)
    answer = ask(ComparisonAnswer, target, job, files * settings.child_timeout_s)
    if not len(answer.models) == len(answer.run.warm_ups) == files:
        raise WorkerError(
            f"the worker's answer is not understood: it is about {len(answer.models)} files, not "
            f"{files}"
        )
    return answer
