"""Compare measurements that were kept: result files of `edgekit latency` and `edgekit compare`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from edgekit.devices.reports import comparison, latency
from edgekit.devices.reports.comparison import Subject
from edgekit.devices.settings import MeasureSettings
from edgekit.devices.statistics import verdict
from edgekit.devices.statistics.ratio import Timed
from edgekit.devices.statistics.verdict import Contrast
from edgekit.errors import InvalidPathError, RefusedError, UsageError
from edgekit.runtimes.machine import Conditions, Machine
from edgekit.runtimes.timing import Samples

# The runs of one process follow each other closely, so they are resampled in pieces.
_PIECES = 20
_COMPARED_FACTS = ("cpu", "architecture", "cores", "max_frequency_khz", "kernel")


@dataclass(frozen=True)
class Measured:
    """One file's part of a result file.

    Attributes:
        subject: what was measured.
        target: where.
        machine: on what.
        settings: how.
        states: the machine's state before each process.
        timed: the samples of each process.
    """

    subject: Subject
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
class Pair:
    """The same thing measured twice, apart in time.

    Attributes:
        base: what to compare with.
        candidate: what is compared.
        differences: in what else but the file the two measurements differ, as phrases.
    """

    base: Measured
    candidate: Measured
    differences: tuple[str, ...]

    @property
    def contrast(self) -> Contrast:
        """The candidate beside the base; the interval cannot cover what changed in between."""
        settings = self.base.settings
        threads = max(settings.threads, self.candidate.settings.threads)
        return verdict.of_apart(self.base.timed, self.candidate.timed, threads, settings.seed)

    def summary(self) -> dict[str, Any]:
        """Return the pair ready for JSON; the samples stay in the result files."""
        return {
            "base": asdict(self.base.subject),
            "candidate": asdict(self.candidate.subject),
            "contrast": self.contrast.summary(),
            "differences": list(self.differences),
        }


def compare_results(base: Path, candidate: Path, *, force: bool = False) -> list[Pair]:
    """Pair what two result files measured.

    If each holds one measurement, these two are compared, whatever they are of; else those of
    the same model (or file name), runtime and number of threads.

    Args:
        base: a result file.
        candidate: another.
        force: also pair measurements of unlike machines or under unlike conditions.

    Raises:
        InvalidPathError: a file cannot be read.
        RefusedError: a file is no result file, or the machines, the versions of a runtime, the
            threads or the conditions differ; ``reason_code`` is then ``unlike-conditions``.
        UsageError: the files have nothing in common to compare.
    """
    old, new = read(base), read(candidate)
    if len(old) == len(new) == 1:
        matches = [(old[0], new[0])]
    else:
        by_key = _by_key(old, base)
        matches = [(by_key[k], each) for k, each in _by_key(new, candidate).items() if k in by_key]
    if not matches:
        raise UsageError(
            f"{base} and {candidate} have no model, runtime and number of threads in common: "
            "measure the same files in both"
        )
    pairs = [Pair(one, other, tuple(_differences(one, other))) for one, other in matches]
    unlike = dict.fromkeys(phrase for pair in pairs for phrase in pair.differences)
    if unlike and not force:
        raise RefusedError(
            f"{base} and {candidate} were not measured alike: {'; '.join(unlike)}; measure again "
            "side by side, or compare them all the same with --force",
            reason_code="unlike-conditions",
        )
    return pairs


def read(path: Path) -> list[Measured]:
    """Return the measurements in a result file.

    Raises:
        InvalidPathError: the file cannot be read.
        RefusedError: it is no result file, is of another version, or is damaged.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _no_result(path) from error
    try:
        document = json.loads(text)
        schema = document["schema"]
        inner = document["reports"] if schema == "edgekit.latencies" else [document]
    except (ValueError, KeyError, TypeError) as error:
        raise _no_result(path) from error
    try:
        if schema == comparison.SCHEMA:
            return _of_comparison(comparison.from_json(text))
        if schema in (latency.LatencyReport.schema, "edgekit.latencies"):
            return [_of_report(latency.from_json(json.dumps(each))) for each in inner]
    except RefusedError as error:
        raise RefusedError(f"{path}: {error}", reason_code=error.reason_code) from error
    raise _no_result(path)


def _no_result(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} holds no result of `edgekit latency --json` or `edgekit compare --json`",
        reason_code="unreadable-report",
    )


def _by_key(measured: Sequence[Measured], path: Path) -> dict[tuple[str, str, int], Measured]:
    found: dict[tuple[str, str, int], Measured] = {}
    for each in measured:
        if each.key in found:
            raise UsageError(
                f"{path} has {each.key[0]} on {each.key[1]} twice, so there is no telling which to "
                "compare: measure each once"
            )
        found[each.key] = each
    return found


def _of_report(found: latency.LatencyReport) -> Measured:
    names = {field.name for field in fields(Subject)}
    return Measured(
        Subject(**{name: getattr(found, name) for name in names}),
        found.target,
        found.machine,
        found.settings,
        tuple(run.before for run in found.runs),
        [Timed(tuple(_pieces(run.samples))) for run in found.runs],
    )


def _of_comparison(found: comparison.Comparison) -> list[Measured]:
    states = tuple(run.before for run in found.runs)
    return [
        Measured(subject, found.target, found.machine, found.settings, states, found.timed(number))
        for number, subject in enumerate(found.subjects)
    ]


def _pieces(samples: Samples) -> Iterator[Samples]:
    count = len(samples.wall_ns)
    pieces = min(_PIECES, count)
    ends = [count * number // pieces for number in range(pieces + 1)]
    for start, end in itertools.pairwise(ends):
        yield Samples(
            samples.wall_ns[start:end],
            samples.cpu_ns[start:end],
            samples.involuntary_switches[start:end],
        )


def _differences(one: Measured, other: Measured) -> Iterator[str]:
    for fact in _COMPARED_FACTS:
        yield from _unlike(
            fact.replace("_", " "), getattr(one.machine, fact), getattr(other.machine, fact)
        )
    yield from _unlike("threads", one.settings.threads, other.settings.threads)
    if one.subject.info.runtime == other.subject.info.runtime:
        yield from _unlike(
            "runtime", one.subject.info.runtime_version, other.subject.info.runtime_version
        )
    yield from _unlike("governor", *(_all(each.states, "governors") for each in (one, other)))
    yield from _unlike("processors", *(_all(each.states, "affinity") for each in (one, other)))


def _unlike(what: str, one: object, other: object) -> Iterator[str]:
    if one != other:
        yield f"{what} {one} and {other}"


def _all(states: Sequence[Conditions], what: str) -> str:
    return ", ".join(sorted({str(item) for state in states for item in getattr(state, what) or ()}))
