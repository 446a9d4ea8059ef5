"""Count the instructions that model files execute on an emulated processor.

The number is the same on every machine and under any load, so that a gate on it never flakes. It
is no time: it knows nothing of clocks, caches or how many instructions a core does at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgekit.devices.measuring.answers import CountAnswer, check_constant, decoded
from edgekit.devices.measuring.request import FileFacts, ModelFile, facts_of, identity
from edgekit.devices.reports.instruction_counts import CountedRuns, CountReport
from edgekit.devices.settings import CountSettings
from edgekit.devices.targets import Counted, CountingTarget
from edgekit.emulation.instruction_counts import Counts
from edgekit.errors import WorkerError
from edgekit.progress import Counter, Progress, silent
from edgekit.runtimes.count_marks import EMPTY_RUNS
from edgekit.runtimes.jobs import CountJob, JobFile


@dataclass(frozen=True)
class CountRequest:
    """How many instructions do these files execute?

    Attributes:
        files: what to count.
        target: the emulated processor.
        settings: how.
    """

    files: tuple[ModelFile, ...]
    target: CountingTarget
    settings: CountSettings = field(default_factory=CountSettings)


def count(request: CountRequest, progress: Progress = silent) -> tuple[CountReport, ...]:
    """Count what each file executes per inference, in one thread; return one report a file.

    What Python itself executes between two marks with nothing in between is taken off.

    Args:
        request: what, where and how.
        progress: told before each process.

    Raises:
        InvalidPathError: a file does not exist.
        UnreadableModelError: a runtime rejects a file.
        EnvironmentMissingError: nothing can be counted here; says what is missing.
        WorkerError: a process died, hung or answered nonsense.
    """
    settings, target = request.settings, request.target
    facts = [facts_of(file) for file in request.files]
    jobs = [job_of(file.for_job, settings) for file in request.files]
    steps = Counter(progress, len(jobs) * settings.children)
    reports = []
    for file, each, job in zip(request.files, facts, jobs, strict=True):
        found = []
        for _ in range(settings.children):
            steps.begin(f"counting {file.name}")
            found.append(target.count(job, settings.timeout_s))
        reports.append(report_of(each, target, settings, found))
    return tuple(reports)


def job_of(file: JobFile, settings: CountSettings) -> CountJob:
    """Return what one process is asked."""
    return CountJob(
        runtime=file.runtime,
        path=file.path,
        threads=1,
        seed=settings.seed,
        num_runs=settings.num_runs,
        warmup_runs=settings.warmup_runs,
    )


def report_of(
    facts: FileFacts, target: CountingTarget, settings: CountSettings, found: Sequence[Counted]
) -> CountReport:
    """Return the report on a file from what its processes executed.

    Raises:
        WorkerError: an answer is nonsense, or the file changed between them.
    """
    answers = [decoded(CountAnswer, each.answer) for each in found]
    check_constant(answers, facts["file"])
    return CountReport(
        **identity(facts, target),
        processor=target.processor,
        settings=settings,
        info=answers[0].model,
        children=tuple(
            CountedRuns(_runs(facts["file"], each, settings), answer.outputs_sha256)
            for each, answer in zip(found, answers, strict=True)
        ),
    )


def _runs(file: str, counted: Counted, settings: CountSettings) -> tuple[Counts, ...]:
    """Return the counts of the runs, less those of nothing at all."""
    if len(counted.runs) != EMPTY_RUNS + settings.num_runs:
        raise WorkerError(
            f"{file}: {len(counted.runs)} counts came for {EMPTY_RUNS + settings.num_runs} runs"
        )
    empty = counted.runs[EMPTY_RUNS - 1]
    return tuple(run - empty for run in counted.runs[EMPTY_RUNS:])
