"""Instruction counts that were kept, and two of them beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edgekit.devices.reports.instruction_counts import CountReport
from edgekit.devices.stored_results.differences import unlike


@dataclass(frozen=True)
class StoredCount:
    """One file's part of a result file.

    Attributes:
        report: what was counted.
    """

    report: CountReport

    @property
    def key(self) -> tuple[str, str, int]:
        """By what its counterpart in another result file is found; counts are of one thread."""
        return self.report.model or Path(self.report.file).name, self.report.info.runtime, 1

    def summary(self) -> dict[str, Any]:
        """Return what was counted of what, ready for JSON."""
        names = ("file", "sha256", "size_bytes", "model", "precision", "macs", "processor")
        return {
            **{name: getattr(self.report, name) for name in names},
            "runtime": self.report.info.runtime,
            "runtime_version": self.report.info.runtime_version,
            "instructions": self.report.instructions,
            "spread": self.report.spread,
        }


@dataclass(frozen=True)
class CountPair:
    """The same thing counted twice. Counts repeat, so their ratio is exact: it has no interval.

    Attributes:
        base: what to compare with.
        candidate: what is compared.
    """

    base: StoredCount
    candidate: StoredCount

    @property
    def ratio(self) -> float:
        """The candidate's instructions over the base's."""
        return self.candidate.report.instructions / self.base.report.instructions

    @property
    def verdict(self) -> Literal["more", "fewer", "same"]:
        """Whether the counts differ by more than the processes of one measurement do."""
        spread = max(self.base.report.spread, self.candidate.report.spread)
        if abs(self.ratio - 1) <= spread:
            return "same"
        return "more" if self.ratio > 1 else "fewer"

    @property
    def differences(self) -> tuple[str, ...]:
        """In what else but the file the two measurements differ, as phrases."""
        return tuple(_differences(self.base.report, self.candidate.report))

    def more_by_more_than(self, percent: float) -> bool:
        """Tell whether the candidate executes more instructions by more than so many per cent."""
        return self.ratio > 1 + percent / 100

    def summary(self) -> dict[str, Any]:
        """Return the pair ready for JSON."""
        return {
            "base": self.base.summary(),
            "candidate": self.candidate.summary(),
            "ratio": self.ratio,
            "verdict": self.verdict,
            "differences": list(self.differences),
        }


def _differences(one: CountReport, other: CountReport) -> Iterator[str]:
    yield from unlike("processor", one.processor, other.processor)
    if one.info.runtime == other.info.runtime:
        yield from unlike("runtime", one.info.runtime_version, other.info.runtime_version)
