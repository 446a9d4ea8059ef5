"""Times that were kept, and two of them beside each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgekit.devices.reports.comparison import ComparedFile, Comparison
from edgekit.devices.reports.latency import LatencyReport
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.statistics import verdict
from edgekit.devices.statistics.ratio import Timed
from edgekit.devices.statistics.verdict import Contrast
from edgekit.devices.stored_results.differences import unlike
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import TimeSamples

# The runs of one process follow each other closely, so they are resampled in pieces.
_PIECES = 20
_COMPARED_FACTS = ("cpu", "architecture", "cores", "max_frequency_khz", "kernel")


@dataclass(frozen=True)
class StoredTimes:
    """One file's part of a result file.

    Attributes:
        subject: what was measured.
        target: where.
        machine: on what.
        settings: how.
        states: the machine's state before each process.
        timed: the samples of each process.
    """

    subject: ComparedFile
    target: str
    machine: Machine
    settings: MeasureSettings
    states: tuple[Conditions, ...]
    timed: list[Timed]

    @property
    def key(self) -> tuple[str, str, int]:
        """By what its counterpart in another result file is found."""
        name = self.subject.model or Path(self.subject.file).name
        return name, self.subject.info.runtime, self.settings.threads


@dataclass(frozen=True)
class TimePair:
    """The same thing measured twice, apart in time.

    Attributes:
        base: what to compare with.
        candidate: what is compared.
    """

    base: StoredTimes
    candidate: StoredTimes

    @property
    def contrast(self) -> Contrast:
        """The candidate beside the base; the interval cannot cover what changed in between."""
        settings = self.base.settings
        threads = max(settings.threads, self.candidate.settings.threads)
        return verdict.of_apart(self.base.timed, self.candidate.timed, threads, settings.seed)

    @property
    def differences(self) -> tuple[str, ...]:
        """In what else but the file the two measurements differ, as phrases."""
        return tuple(_differences(self.base, self.candidate))

    def summary(self) -> dict[str, Any]:
        """Return the pair ready for JSON; the samples stay in the result files."""
        return {
            "base": asdict(self.base.subject),
            "candidate": asdict(self.candidate.subject),
            "contrast": self.contrast.summary(),
            "differences": list(self.differences),
        }


def of_latency(found: LatencyReport) -> StoredTimes:
    """Return what a latency report holds."""
    names = {field.name for field in fields(ComparedFile)}
    return StoredTimes(
        ComparedFile(**{name: getattr(found, name) for name in names}),
        found.target,
        found.machine,
        found.settings,
        tuple(run.before for run in found.runs),
        [Timed(tuple(_pieces(run.samples))) for run in found.runs],
    )


def of_comparison(found: Comparison) -> list[StoredTimes]:
    """Return what a comparison holds: the base and the candidates."""
    states = tuple(run.before for run in found.runs)
    return [
        StoredTimes(
            subject, found.target, found.machine, found.settings, states, found.timed(number)
        )
        for number, subject in enumerate(found.subjects)
    ]


def _pieces(samples: TimeSamples) -> Iterator[TimeSamples]:
    count = len(samples.wall_ns)
    pieces = min(_PIECES, count)
    ends = [count * number // pieces for number in range(pieces + 1)]
    for start, end in itertools.pairwise(ends):
        yield TimeSamples(
            samples.wall_ns[start:end],
            samples.cpu_ns[start:end],
            samples.involuntary_switches[start:end],
        )


def _differences(one: StoredTimes, other: StoredTimes) -> Iterator[str]:
    for fact in _COMPARED_FACTS:
        yield from unlike(
            fact.replace("_", " "), getattr(one.machine, fact), getattr(other.machine, fact)
        )
    yield from unlike("threads", one.settings.threads, other.settings.threads)
    if one.subject.info.runtime == other.subject.info.runtime:
        yield from unlike(
            "runtime", one.subject.info.runtime_version, other.subject.info.runtime_version
        )
    yield from unlike("governor", *(_all(each.states, "governors") for each in (one, other)))
    yield from unlike("processors", *(_all(each.states, "affinity") for each in (one, other)))


def _all(states: Sequence[Conditions], what: str) -> str:
    return ", ".join(sorted({str(item) for state in states for item in getattr(state, what) or ()}))
