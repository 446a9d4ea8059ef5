"""Run files without a pause for long, to see what heat does to them."""

from __future__ import annotations

from dataclasses import dataclass

from edgekit.devices.measuring.answers import SustainedAnswer, ask
from edgekit.devices.measuring.request import ModelFile, facts_of, identity
from edgekit.devices.reports.sustained import SustainedReport
from edgekit.devices.settings import SustainSettings
from edgekit.devices.targets import Target, opened, refuse_emulated
from edgekit.devices.targets.local import LOCAL
from edgekit.errors import WorkerError
from edgekit.progress import Counter, Progress, silent
from edgekit.runtimes.jobs import JobFile, SustainJob

_TIMEOUT_S = 300.0  # beyond the planned time, to start, load and finish the last run


@dataclass(frozen=True)
class SustainRequest:
    """What does a long run without a pause do to these files' times?

    Attributes:
        files: what to run, one after the other.
        settings: how; all files run under the first, then under the second, and so on.
        target: where.
    """

    files: tuple[ModelFile, ...]
    settings: tuple[SustainSettings, ...]
    target: Target = LOCAL


def sustain(request: SustainRequest, progress: Progress = silent) -> tuple[SustainedReport, ...]:
    """Run each file without a pause in one fresh process, and keep the time series.

    Args:
        request: what, how long and where.
        progress: told before each run.

    Returns:
        For each of the settings the reports in the order of ``files``.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UsageError: its suffix belongs to no runtime, and none was named.
        RefusedError: the target is an emulated machine, on which time means nothing.
        WorkerError: the process died, hung or answered nonsense.
        EdgekitError: whatever the worker itself raised.
    """
    target = request.target
    refuse_emulated(target)
    facts = [facts_of(file) for file in request.files]
    for_jobs = [file.for_job for file in request.files]
    steps = Counter(progress, len(request.files) * len(request.settings))
    reports = []
    with opened(target, progress):
        for settings in request.settings:
            for file, each, for_job in zip(request.files, facts, for_jobs, strict=True):
                steps.begin(f"running {file.name} for {settings.secs:g} s")
                job = _job(for_job, settings)
                answer = ask(SustainedAnswer, target, job, settings.secs + _TIMEOUT_S)
                try:
                    report = SustainedReport(
                        **identity(each, target),
                        settings=settings,
                        info=answer.model,
                        machine=answer.machine,
                        windows=answer.windows,
                        states=answer.states,
                    )
                except ValueError as error:
                    raise WorkerError(f"the worker's answer is not understood: {error}") from error
                reports.append(report)
    return tuple(reports)


def _job(file: JobFile, settings: SustainSettings) -> SustainJob:
    return SustainJob(
        runtime=file.runtime,
        path=file.path,
        threads=settings.threads,
        seed=settings.seed,
        secs=settings.secs,
        window_secs=settings.window_secs,
        cpus=settings.cpus,
    )
