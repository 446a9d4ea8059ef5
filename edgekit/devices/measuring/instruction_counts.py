"""Count the instructions that model files execute on an emulated processor.

The number is the same on every machine and under any load, so that a gate on it never flakes. It
is no time: it knows nothing of clocks, caches or how many instructions a core does at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from edgekit import __version__
from edgekit.devices.measuring.latency import Progress, Request, identify
from edgekit.devices.reports.instruction_counts import CountedRuns, CountReport
from edgekit.devices.settings import CountSettings
from edgekit.devices.targets import Counted, CountingTarget
from edgekit.errors import WorkerError
from edgekit.files import documents
from edgekit.processes import child
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.count_marks import EMPTY_RUNS


def count(
    requests: Sequence[Request],
    settings: CountSettings,
    target: CountingTarget,
    progress: Callable[[Progress], None] | None = None,
) -> list[CountReport]:
    """Count what each file executes per inference, in one thread; return one report a file.

    What Python itself executes between two marks with nothing in between is taken off.

    Args:
        requests: what to count.
        settings: how.
        target: the emulated processor.
        progress: called before each process.

    Raises:
        InvalidPathError: a file does not exist.
        UnreadableModelError: a runtime rejects a file.
        EnvironmentMissingError: nothing can be counted here; says what is missing.
        WorkerError: a process died, hung or answered nonsense.
    """
    jobs = [_job(request, settings) for request in requests]
    total = len(requests) * settings.children
    reports = []
    for number, (request, job) in enumerate(zip(requests, jobs, strict=True)):
        found = []
        for index in range(settings.children):
            if progress is not None:
                progress(Progress(request, number * settings.children + index, total))
            found.append(target.count(job, settings.timeout_s))
        reports.append(_report(request, settings, target, found))
    return reports


def _job(request: Request, settings: CountSettings) -> dict[str, Any]:
    job = child.make_job("count", request.path, request.runtime, threads=1)
    more = ("seed", "warmup_runs", "num_runs")
    return {**job, **{name: getattr(settings, name) for name in more}}


def _report(
    request: Request, settings: CountSettings, target: CountingTarget, found: Sequence[Counted]
) -> CountReport:
    path, file = request.path, identify(request.path)
    infos = [documents.decode(ModelInfo, each.answer["model"]) for each in found]
    if any(info != infos[0] for info in infos):
        raise WorkerError(f"{path}: the file or the runtime changed meanwhile")
    return CountReport(
        file=str(path),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        model=request.model,
        precision=request.precision,
        macs=request.macs,
        target=target.name,
        processor=target.processor,
        edgekit_version=__version__,
        settings=settings,
        info=infos[0],
        children=tuple(_counted(path, each, settings) for each in found),
    )


def _counted(path: Path, counted: Counted, settings: CountSettings) -> CountedRuns:
    if len(counted.runs) != EMPTY_RUNS + settings.num_runs:
        raise WorkerError(
            f"{path}: {len(counted.runs)} counts came for {EMPTY_RUNS + settings.num_runs} runs"
        )
    empty = counted.runs[EMPTY_RUNS - 1]
    runs = tuple(run - empty for run in counted.runs[EMPTY_RUNS:])
    return CountedRuns(runs, counted.answer["outputs_sha256"])
