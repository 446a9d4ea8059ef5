"""Measure model files side by side in fresh child processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgekit.devices.measuring.answers import LatencyAnswer, ask, check_constant
from edgekit.devices.measuring.request import FileFacts, ModelFile, facts_of, identity, in_turns
from edgekit.devices.reports.latency import LatencyReport
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Target, opened
from edgekit.devices.targets.local import LOCAL
from edgekit.progress import Counter, Progress, silent
from edgekit.runtimes.jobs import JobFile, MeasureJob
from edgekit.runtimes.machine import Conditions


@dataclass(frozen=True)
class MeasureRequest:
    """How long do these files take?

    Attributes:
        files: what to measure.
        settings: how; all files are measured under the first, then under the second, and so on.
        target: where.
    """

    files: tuple[ModelFile, ...]
    settings: tuple[MeasureSettings, ...] = (MeasureSettings(),)
    target: Target = LOCAL


def measure(request: MeasureRequest, progress: Progress = silent) -> tuple[LatencyReport, ...]:
    """Measure each file in ``children`` fresh processes, and return one report a file and setting.

    The files take turns: every file's first child in a random order, then every file's second,
    and so on, so that a machine that slows down meanwhile slows all of them alike.

    Args:
        request: what, how and where.
        progress: told before each child.

    Returns:
        For each of the settings the reports in the order of ``files``.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UnknownNameError: no runtime is called that.
        UsageError: a file's suffix belongs to no runtime, and none was named.
        UnreadableModelError: a runtime rejects a file.
        MissingPackageError: a runtime is not installed on the target.
        WorkerError: a child died, hung or answered nonsense; says which.
    """
    target, files = request.target, request.files
    facts = [facts_of(file) for file in files]
    for_jobs = [file.for_job for file in files]
    steps = Counter(progress, len(files) * sum(each.children for each in request.settings))
    reports = []
    with opened(target, progress):
        for settings in request.settings:
            answers = _all_children(request, for_jobs, settings, steps)
            for file, each, found in zip(files, facts, answers, strict=True):
                reports.append(report_of(each, target, settings, found, file.weight_cache))
    return tuple(reports)


def report_of(
    facts: FileFacts,
    target: Target,
    settings: MeasureSettings,
    answers: Sequence[LatencyAnswer],
    weight_cache: str = "",
) -> LatencyReport:
    """Return the report on a file from what its children answered.

    Raises:
        WorkerError: the file, its runtime or the machine changed between them.
    """
    check_constant(answers, facts["file"])
    return LatencyReport(
        **identity(facts, target),
        settings=settings,
        info=answers[0].model,
        machine=answers[0].machine,
        runs=tuple(answer.run for answer in answers),
        weight_cache=weight_cache,
    )


def _all_children(
    request: MeasureRequest,
    for_jobs: Sequence[JobFile],
    settings: MeasureSettings,
    steps: Counter,
) -> list[list[LatencyAnswer]]:
    """Return every child's answer, by file."""
    starts: list[Conditions] = []

    def measured(number: int) -> LatencyAnswer:
        job = job_of(for_jobs[number], settings, starts[0] if starts else None)
        job = replace(job, weight_cache=request.files[number].weight_cache)
        answer = ask(LatencyAnswer, request.target, job, settings.child_timeout_s)
        starts.append(answer.run.before)
        return answer

    return in_turns(request.files, settings, steps, "measuring", measured)


def job_of(file: JobFile, settings: MeasureSettings, start: Conditions | None = None) -> MeasureJob:
    """Return what one child is asked; ``start`` is the machine's state before the first one."""
    return MeasureJob(
        runtime=file.runtime,
        path=file.path,
        threads=settings.threads,
        seed=settings.seed,
        num_runs=settings.num_runs,
        min_secs=settings.min_secs,
        max_secs=settings.max_secs,
        warmup_runs=settings.warmup_runs,
        warmup_secs=settings.warmup_secs,
        cpus=settings.cpus,
        cool_to_c=settings.cool_to_c(start),
        cool_down_secs=settings.cool_down_secs,
    )
