"""Compare two result files, measurement by measurement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from edgekit.devices.stored_results.counts import CountPair, StoredCount
from edgekit.devices.stored_results.result_file import read
from edgekit.devices.stored_results.times import StoredTimes, TimePair
from edgekit.errors import RefusedError, UsageError


@dataclass(frozen=True)
class ResultComparison:
    """Measurements of two result files beside each other: times, or else instruction counts.

    Attributes:
        times: pairs of times.
        counts: pairs of instruction counts.
    """

    times: tuple[TimePair, ...] = ()
    counts: tuple[CountPair, ...] = ()

    @property
    def differences(self) -> tuple[str, ...]:
        """In what else but the files the measurements differ, as phrases, each once."""
        pairs: tuple[TimePair | CountPair, ...] = (*self.times, *self.counts)
        return tuple(dict.fromkeys(phrase for pair in pairs for phrase in pair.differences))

    def to_json(self) -> str:
        """Return the comparison as one JSON document; samples stay in the result files."""
        schema = "edgekit.result-comparison" if self.times else "edgekit.count-comparison"
        pairs: tuple[TimePair | CountPair, ...] = (*self.times, *self.counts)
        summaries = [pair.summary() for pair in pairs]
        document = {"schema": schema, "schema_version": 1, "pairs": summaries}
        return json.dumps(document, allow_nan=False)


def compare_results(base: Path, candidate: Path, *, force: bool = False) -> ResultComparison:
    """Pair what two result files measured.

    If each holds one measurement, these two are compared, whatever they are of; else those of
    the same model (or file name), runtime and number of threads.

    Args:
        base: a result file.
        candidate: another.
        force: also pair measurements of unlike machines or under unlike conditions.

    Raises:
        InvalidPathError: a file cannot be read.
        RefusedError: a file is no result file, or one holds times and the other instruction
            counts; or the machines, the versions of a runtime, the threads or the conditions
            differ, with ``reason_code`` ``unlike-conditions``.
        UsageError: the files have nothing in common to compare.
    """
    old, new = read(base), read(candidate)
    pairs = _pairs(old, new, base, candidate)
    times = tuple(
        TimePair(one, other)
        for one, other in pairs
        if isinstance(one, StoredTimes) and isinstance(other, StoredTimes)
    )
    counts = tuple(
        CountPair(one, other)
        for one, other in pairs
        if isinstance(one, StoredCount) and isinstance(other, StoredCount)
    )
    if not times and not counts:
        raise RefusedError(
            f"one of {base} and {candidate} holds times, the other instruction counts: compare two "
            "files of one kind",
            reason_code="not-comparable",
        )
    found = ResultComparison(times, counts)
    if found.differences and not force:
        raise RefusedError(
            f"{base} and {candidate} were not measured alike: {'; '.join(found.differences)}; "
            "measure again side by side, or compare them all the same with --force",
            reason_code="unlike-conditions",
        )
    return found


class _Keyed(Protocol):
    @property
    def key(self) -> tuple[str, str, int]:
        """By what the counterpart in another result file is found."""
        ...


One = TypeVar("One", bound=_Keyed)
Other = TypeVar("Other", bound=_Keyed)


def _pairs(
    old: Sequence[One], new: Sequence[Other], base: Path, candidate: Path
) -> list[tuple[One, Other]]:
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    by_key = _by_key(old, base)
    pairs = [(by_key[k], each) for k, each in _by_key(new, candidate).items() if k in by_key]
    if not pairs:
        raise UsageError(
            f"{base} and {candidate} have no model, runtime and number of threads in common: "
            "measure the same files in both"
        )
    return pairs


def _by_key(measured: Sequence[One], path: Path) -> dict[tuple[str, str, int], One]:
    found: dict[tuple[str, str, int], One] = {}
    for each in measured:
        if each.key in found:
            raise UsageError(
                f"{path} has {each.key[0]} on {each.key[1]} twice, so there is no telling which to "
                "compare: measure each once"
            )
        found[each.key] = each
    return found
