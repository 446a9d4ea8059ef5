"""Compare model files: they take turns within each of several fresh processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgekit import __version__
from edgekit.devices.measuring.latency import Request, identify, runtime_of
from edgekit.devices.reports.comparison import Comparison, Subject, Turns
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Target, refuse_emulated
from edgekit.errors import UsageError, WorkerError
from edgekit.files import documents
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.machine import Machine

# Short processes and more of them: what differs from process to process is the larger part.
COMPARE_SETTINGS = MeasureSettings(children=6, num_runs=30, warmup_secs=0.3)
"""Settings of a comparison, where none are given."""


@dataclass(frozen=True)
class _Answer:
    models: tuple[ModelInfo, ...]
    machine: Machine
    run: Turns


def compare(
    base: Request,
    candidates: Sequence[Request],
    settings: MeasureSettings,
    target: Target,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Compare candidates with a base, in ``settings.children`` fresh processes.

    Every process loads all the files, in an order of its own, warms each of them up, and times
    them in short blocks that take turns (see `edgekit.runtimes.timing.sample_in_turns`).

    Args:
        base: what to compare with.
        candidates: one or more; each is compared with the base, all within one measurement.
        settings: how; ``num_runs`` and ``min_secs`` hold for each file in each process.
        target: where.
        progress: called before each process with those done and the total.

    Raises:
        UsageError: there is no candidate, or a file's suffix belongs to no runtime.
        InvalidPathError: a file does not exist or cannot be read.
        UnknownNameError: no runtime is called that.
        UnreadableModelError: a runtime rejects a file.
        MissingPackageError: a runtime is not installed on the target.
        RefusedError: the target is an emulated machine, on which time means nothing.
        WorkerError: a process died, hung or answered nonsense; says which.
    """
    if not candidates:
        raise UsageError("a comparison needs a candidate beside the base")
    refuse_emulated(target)
    requests = [base, *candidates]
    files = [identify(request.path) for request in requests]
    answers: list[_Answer] = []
    for number in range(settings.children):
        if progress is not None:
            progress(number, settings.children)
        try:
            start = answers[0].run.before if answers else None
            job = {**_job(requests, settings, number), **settings.cooling(start)}
            answers.append(_ask(target, job, len(requests), settings))
        except WorkerError as error:
            raise WorkerError(
                f"comparing, process {number + 1} of {settings.children}: {error}"
            ) from error
    first = answers[0]
    if any((other.models, other.machine) != (first.models, first.machine) for other in answers):
        raise WorkerError("comparing: a file, a runtime or the machine changed meanwhile")
    return Comparison(
        subjects=tuple(
            Subject(
                str(request.path),
                file.sha256,
                file.size_bytes,
                request.model,
                request.precision,
                request.macs,
                info,
            )
            for request, file, info in zip(requests, files, first.models, strict=True)
        ),
        target=target.name,
        edgekit_version=__version__,
        settings=settings,
        machine=first.machine,
        runs=tuple(answer.run for answer in answers),
    )


def _job(requests: Sequence[Request], settings: MeasureSettings, number: int) -> dict[str, Any]:
    return {
        "task": "compare",
        "files": [
            {"runtime": runtime_of(request), "path": str(request.path.absolute())}
            for request in requests
        ],
        "threads": settings.threads,
        "cpus": settings.cpus,
        "num_runs": settings.num_runs,
        "min_secs": settings.min_secs,
        "max_secs": settings.max_secs * len(requests),
        "warmup_runs": settings.warmup_runs,
        "warmup_secs": settings.warmup_secs,
        "seed": settings.seed,
        "order_seed": settings.seed + number,
    }


def _ask(target: Target, job: dict[str, Any], files: int, settings: MeasureSettings) -> _Answer:
    answer = target.run(job, files * settings.child_timeout_s)
    try:
        decoded = documents.decode(_Answer, answer)
        if not len(decoded.models) == len(decoded.run.warm_ups) == files:
            raise ValueError(f"it is about {len(decoded.models)} files, not {files}")
    except ValueError as error:
        raise WorkerError(f"the worker's answer is not understood: {error}") from error
    return decoded
