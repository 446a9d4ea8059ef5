"""Measure what the budgets ask for, and no more: both bundles' files in turns on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgekit import devices
from edgekit.bundle.budgets import Budget
from edgekit.bundle.contents.evidence import INSTRUCTIONS
from edgekit.bundle.manifest import Bundle
from edgekit.devices import Contrast, CountReport, LatencyReport, MeasureSettings
from edgekit.errors import RefusedError
from edgekit.files import parsing, reading
from edgekit.progress import Progress, Whole

_PAGE_BYTES = 4096
_IN_PROCESSES = ("load_ms", "first_answer_ms", "memory_bytes", "private_memory_bytes")


@dataclass(frozen=True)
class Pair:
    """A file of a bundle, and the baseline's of the same name.

    Attributes:
        now: the candidate's.
        then: the baseline's; None if it has none.
    """

    now: Path
    then: Path | None


@dataclass(frozen=True)
class Measurements:
    """What was measured of each file, by its path in the bundle.

    Attributes:
        contrasts: latencies in turns with the baseline's.
        reports: the candidate's and the baseline's, in processes of their own that took turns.
    """

    contrasts: Mapping[str, Contrast] = field(default_factory=dict)
    reports: Mapping[str, tuple[LatencyReport, LatencyReport | None]] = field(default_factory=dict)


def pairs(
    place: Path, bundle: Bundle, before_place: Path | None, before: Bundle | None
) -> dict[str, Pair]:
    """Return the files of a bundle by path, each with the baseline's."""
    old = set() if before is None else {each.path for each in before.models}
    found = {}
    for entry in bundle.models:
        has_one = before_place is not None and entry.path in old
        then = before_place / entry.path if before_place is not None and has_one else None
        found[entry.path] = Pair(place / entry.path, then)
    return found


def take(
    files: Mapping[str, Pair],
    budgets: Iterable[Budget],
    settings: MeasureSettings,
    progress: Progress,
) -> Measurements:
    """Measure what these budgets need.

    Raises:
        WorkerError: a process that timed files died.
    """
    asked = {each.metric: each for each in budgets}
    latency = asked.get("latency_ms")
    contrasts: dict[str, Contrast] = {}
    reports: dict[str, tuple[LatencyReport, LatencyReport | None]] = {}
    in_turns = {
        path: (pair.then, pair.now)
        for path, pair in files.items()
        if latency is not None and latency.is_relative and pair.then is not None
    }
    is_alone = any(name in asked for name in _IN_PROCESSES) or (
        latency is not None and "max" in latency.limits
    )
    alone = {
        path: [each for each in (pair.now, pair.then) if each is not None]
        for path, pair in files.items()
        if is_alone
    }
    processes = settings.children * (len(in_turns) + sum(map(len, alone.values())))
    whole = Whole(progress, processes)
    for path in files:
        if path in in_turns:
            then, now = map(devices.ModelFile, in_turns[path])
            wanted = devices.CompareRequest(then, (now,), settings)
            told = whole.part(settings.children)
            (contrasts[path],) = devices.compare(wanted, told).contrasts
        if path in alone:
            both = tuple(map(devices.ModelFile, alone[path]))
            told = whole.part(settings.children * len(both))
            found = devices.measure(devices.MeasureRequest(both, (settings,)), told)
            reports[path] = (found[0], found[1] if len(found) > 1 else None)
    return Measurements(contrasts, reports)


def loads_ms(report: LatencyReport | None) -> list[float] | None:
    """Return how long each process loaded the file."""
    return None if report is None else [run.load_ms for run in report.runs]


def first_answers_ms(report: LatencyReport | None) -> list[float] | None:
    """Return how long each process took from the file to its first answer."""
    return None if report is None else [run.first_answer_ms for run in report.runs]


def private_memory_bytes(report: LatencyReport | None) -> list[float] | None:
    """Return the memory of its own that the first answer added to each process."""
    if report is None:
        return None
    found = [run.added_private_bytes for run in report.runs if run.added_private_bytes is not None]
    return [float(each) for each in found] or None


def memory_bytes(report: LatencyReport | None) -> list[float] | None:
    """Return what loading and running the file added to each process; a page at least."""
    if report is None:
        return None
    added = (run.peak_memory_bytes - run.memory_before_load_bytes for run in report.runs)
    return [float(max(each, _PAGE_BYTES)) for each in added]


def instructions(place: Path | None) -> dict[str, CountReport]:
    """Return the counts that a bundle holds as evidence, by file."""
    path = None if place is None else place / INSTRUCTIONS
    if path is None or not path.is_file():
        return {}
    try:
        rows = parsing.json_of(reading.text(path))
        if not isinstance(rows, dict):
            raise ValueError("it is no table of counts by file")
    except (OSError, ValueError) as error:
        raise RefusedError(
            f"{path} is no evidence of edgekit's: {error}", reason_code="unreadable-report"
        ) from error
    return {name: devices.counts_from_json(json.dumps(row)) for name, row in rows.items()}
