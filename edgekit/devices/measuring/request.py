"""What is measured: model files, and what every report says of the file that it is about."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

from edgekit import __version__, runtimes
from edgekit.devices.settings import MeasureSettings, ProfileSettings
from edgekit.devices.targets import Target
from edgekit.errors import InvalidPathError, UsageError, WorkerError
from edgekit.files import reading
from edgekit.progress import Counter
from edgekit.runtimes.jobs import JobFile

WEIGHT_CACHES = ("off", "cold", "warm")
"""How a file can start where starting with and without a weight cache is compared."""


@dataclass(frozen=True)
class ModelFile:
    """A file to measure, and what is known of it.

    Attributes:
        path: the file.
        runtime: name or alias of the runtime; None takes the one for the file's suffix.
        model: name of the model, for the report.
        precision: precision of the file, for the report.
        macs: multiply-accumulates of one run, for the report.
        weight_cache: for `edgekit.devices.measure` alone: start with XNNPACK's weight cache
            ``cold`` or ``warm``, or ``off`` in the same way; empty: as always.

    Raises:
        UsageError: no weight cache is called that.
    """

    path: Path
    runtime: str | None = None
    model: str | None = None
    precision: str | None = None
    macs: int | None = None
    weight_cache: str = ""

    def __post_init__(self) -> None:
        if self.weight_cache not in ("", *WEIGHT_CACHES):
            raise UsageError(
                f"a weight cache is {', '.join(WEIGHT_CACHES)}, not {self.weight_cache!r}"
            )

    @property
    def name(self) -> str:
        """What to call it: the model's name, or the file's."""
        return self.model or self.path.name

    @property
    def for_job(self) -> JobFile:
        """The file as a job for the worker names it.

        Raises:
            UsageError: its suffix belongs to no runtime, and none was named.
            UnknownNameError: no runtime is called that.
        """
        runtime = (
            runtimes.for_file(self.path) if self.runtime is None else runtimes.resolve(self.runtime)
        )
        return JobFile(runtime, str(self.path.absolute()))


class FileFacts(TypedDict):
    """What reports say of a file."""

    file: str
    sha256: str
    size_bytes: int
    model: str | None
    precision: str | None
    macs: int | None


class Identity(FileFacts):
    """What every report on one file says first."""

    target: str
    edgekit_version: str


def facts_of(file: ModelFile) -> FileFacts:
    """Read a file's hash and size.

    Raises:
        InvalidPathError: it does not exist or cannot be read.
    """
    try:
        with reading.opened(file.path) as content:
            digest = hashlib.file_digest(content, "sha256")
            size_bytes = content.tell()
    except OSError as error:
        raise InvalidPathError(f"{file.path}: {error.strerror}") from error
    return {
        "file": str(file.path),
        "sha256": digest.hexdigest(),
        "size_bytes": size_bytes,
        "model": file.model,
        "precision": file.precision,
        "macs": file.macs,
    }


def identity(facts: FileFacts, target: Target) -> Identity:
    """Return how a report on a file begins that was measured on ``target`` just now."""
    return {**facts, "target": target.name, "edgekit_version": __version__}


Answer = TypeVar("Answer")


def in_turns(
    files: Sequence[ModelFile],
    settings: MeasureSettings | ProfileSettings,
    steps: Counter,
    doing: str,
    ask: Callable[[int], Answer],
) -> list[list[Answer]]:
    """Ask one process after the other, in which files take turns, and return the answers by file.

    Args:
        files: what the processes are about.
        settings: how many there are for each file, and the seed of their order.
        steps: told before each.
        doing: what it is told, such as ``measuring``.
        ask: starts a process for the file of this number.

    Raises:
        WorkerError: a process died, hung or answered nonsense; says which.
    """
    answers: list[list[Answer]] = [[] for _ in files]
    for number in turns(len(files), settings.children, settings.seed):
        file, found = files[number], answers[number]
        steps.begin(f"{doing} {file.name}")
        try:
            found.append(ask(number))
        except WorkerError as error:
            raise WorkerError(
                f"{file.path}, process {len(found) + 1} of {settings.children}: {error}"
            ) from error
    return answers


def turns(count: int, children: int, seed: int) -> Iterator[int]:
    """Yield in which order ``count`` files start their children: each round in a random one."""
    generator = random.Random(seed)  # noqa: S311 -- an order, not a secret
    for _ in range(children):
        yield from generator.sample(range(count), count)
