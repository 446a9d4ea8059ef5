"""Measure model files side by side in fresh child processes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgekit import __version__
from edgekit.devices.reports.latency import LatencyReport
from edgekit.devices.reports.run import Run
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Target
from edgekit.errors import InvalidPathError, WorkerError
from edgekit.files import documents
from edgekit.runtimes import ModelInfo, for_file, resolve
from edgekit.runtimes.machine import Conditions, Machine


@dataclass(frozen=True)
class Request:
    """One file to measure.

    Attributes:
        path: the model file.
        runtime: name or alias of the runtime; None takes the one for the file's suffix.
        model: name of the model, for the report.
        precision: precision of the file, for the report.
        macs: multiply-accumulates of one run, for the report.
    """

    path: Path
    runtime: str | None = None
    model: str | None = None
    precision: str | None = None
    macs: int | None = None


@dataclass(frozen=True)
class Progress:
    """A child is about to start.

    Attributes:
        request: what it will measure.
        done: number of children finished before, over all requests.
        total: number of children altogether.
    """

    request: Request
    done: int
    total: int


@dataclass(frozen=True)
class _Answer:
    model: ModelInfo
    machine: Machine
    run: Run


@dataclass(frozen=True)
class FileIdentity:
    """What a file holds, in short."""

    sha256: str
    size_bytes: int


def measure(
    requests: Sequence[Request],
    settings: MeasureSettings,
    target: Target,
    progress: Callable[[Progress], None] | None = None,
) -> list[LatencyReport]:
    """Measure each file in ``settings.children`` fresh processes, and return one report a file.

    The files take turns: every file's first child in a random order, then every file's second,
    and so on, so that a machine that slows down meanwhile slows all of them alike.

    Args:
        requests: what to measure.
        settings: how.
        target: where.
        progress: called before each child.

    Returns:
        The reports in the order of ``requests``.

    Raises:
        InvalidPathError: a file does not exist or cannot be read.
        UnknownNameError: no runtime is called that.
        UsageError: a file's suffix belongs to no runtime, and none was named.
        UnreadableModelError: a runtime rejects a file.
        MissingPackageError: a runtime is not installed on the target.
        WorkerError: a child died, hung or answered nonsense; says which.
    """
    files = [identify(request.path) for request in requests]
    jobs = [_job(request, settings) for request in requests]
    answers: list[list[_Answer]] = [[] for _ in requests]
    total = len(requests) * settings.children
    start: Conditions | None = None
    for done, number in enumerate(turns(len(requests), settings.children, settings.seed)):
        request = requests[number]
        if progress is not None:
            progress(Progress(request, done, total))
        try:
            answer = _ask(target, {**jobs[number], **settings.cooling(start)}, settings)
        except WorkerError as error:
            child = len(answers[number]) + 1
            raise WorkerError(
                f"{request.path}, child {child} of {settings.children}: {error}"
            ) from error
        answers[number].append(answer)
        start = start or answer.run.before
    return [
        _report(request, file, settings, target, found)
        for request, file, found in zip(requests, files, answers, strict=True)
    ]


def turns(count: int, children: int, seed: int) -> Iterator[int]:
    """Yield in which order ``count`` files start their children: each round in a random one."""
    generator = random.Random(seed)  # noqa: S311 -- an order, not a secret
    for _ in range(children):
        yield from generator.sample(range(count), count)


def _job(request: Request, settings: MeasureSettings) -> dict[str, Any]:
    return {
        "task": "measure",
        "runtime": runtime_of(request),
        "path": str(request.path.absolute()),
        "threads": settings.threads,
        "cpus": settings.cpus,
        "num_runs": settings.num_runs,
        "min_secs": settings.min_secs,
        "max_secs": settings.max_secs,
        "warmup_runs": settings.warmup_runs,
        "warmup_secs": settings.warmup_secs,
        "seed": settings.seed,
    }


def _ask(target: Target, job: dict[str, Any], settings: MeasureSettings) -> _Answer:
    answer = target.run(job, settings.child_timeout_s)
    try:
        return documents.decode(_Answer, answer)
    except ValueError as error:
        raise WorkerError(f"the worker's answer is not understood: {error}") from error


def _report(
    request: Request,
    file: FileIdentity,
    settings: MeasureSettings,
    target: Target,
    answers: list[_Answer],
) -> LatencyReport:
    first = answers[0]
    if any((other.model, other.machine) != (first.model, first.machine) for other in answers):
        raise WorkerError(f"{request.path}: the file, runtime or machine changed meanwhile")
    return LatencyReport(
        file=str(request.path),
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        model=request.model,
        precision=request.precision,
        macs=request.macs,
        target=target.name,
        edgekit_version=__version__,
        settings=settings,
        info=first.model,
        machine=first.machine,
        runs=tuple(answer.run for answer in answers),
    )


def runtime_of(request: Request) -> str:
    """Return the canonical name of the runtime that a request asks for or implies."""
    return for_file(request.path) if request.runtime is None else resolve(request.runtime)


def identify(path: Path) -> FileIdentity:
    """Return a file's hash and size.

    Raises:
        InvalidPathError: it does not exist or cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
            return FileIdentity(digest.hexdigest(), file.tell())
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
