"""The result of counting what a file executes on an emulated processor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median_low
from typing import Any

from edgekit.devices.reports import file_report
from edgekit.devices.reports.file_report import FileReport
from edgekit.devices.settings import CountSettings
from edgekit.emulation.instruction_counts import Counts
from edgekit.runtimes import ModelInfo


@dataclass(frozen=True)
class CountedRuns:
    """What one process executed.

    Attributes:
        runs: counts of each run of the model, in order.
        outputs_sha256: hash of what the model computed from the seeded inputs.
    """

    runs: tuple[Counts, ...]
    outputs_sha256: str

    @property
    def instructions(self) -> int:
        """Median over the runs (the lower of two)."""
        return median_low(run.instructions for run in self.runs)


@dataclass(frozen=True)
class CountReport(FileReport):
    """What one file executes per inference on one emulated processor.

    Attributes:
        processor: what was emulated.
        settings: how it was counted.
        info: what the runtime says about the file.
        children: what each process executed.
    """

    schema = "edgekit.instruction-counts"
    schema_version = 1

    processor: str
    settings: CountSettings
    info: ModelInfo
    children: tuple[CountedRuns, ...]

    @property
    def label(self) -> str:
        """What the number is."""
        return f"executed AArch64 instructions under emulated {self.processor}, not a time"

    @property
    def instructions(self) -> int:
        """The headline: median of the processes' medians (the lower of two)."""
        return median_low(child.instructions for child in self.children)

    @property
    def counts(self) -> Counts:
        """All classes of the run that the headline is of."""
        every = (run for child in self.children for run in child.runs)
        return next(run for run in every if run.instructions == self.instructions)

    @property
    def spread(self) -> float:
        """Largest less smallest count over the processes, as a part of the headline."""
        each = [child.instructions for child in self.children]
        return (max(each) - min(each)) / self.instructions

    @property
    def instructions_per_mac(self) -> float | None:
        """The headline over the multiply-accumulates; None where they are unknown or none."""
        return self.instructions / self.macs if self.macs else None

    def summary(self) -> dict[str, Any]:
        """Return the derived numbers, ready for JSON."""
        return {
            "label": self.label,
            "instructions": self.instructions,
            "spread": self.spread,
            "instructions_per_mac": self.instructions_per_mac,
            **asdict(self.counts),
        }


def counts_from_json(text: str) -> CountReport:
    """Read a report that `CountReport.to_json` wrote; its ``summary`` is derived anew.

    Raises:
        RefusedError: the text is no such report, is of another version, or is damaged.
    """
    return file_report.read(CountReport, text, "instruction count")
