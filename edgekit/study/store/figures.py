"""What comes of a cell: the figures that the store keeps beside the whole report."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from edgekit.devices import CountReport, LatencyReport

_QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)


@dataclass(frozen=True)
class Figures:
    """The figures of one cell; None for what its kind of measurement does not give.

    Attributes:
        median_ms: of the processes' medians.
        low_ms: lower end of its 95 % interval.
        high_ms: upper end.
        p90_ms: over all samples; None if there are too few.
        p99_ms: likewise.
        min_ms: shortest run.
        samples: timed runs of all processes.
        smallest_change: share of the median that two such measurements would show.
        load_ms: median time to load the file.
        first_run_ms: median time of the very first run.
        peak_memory_bytes: most resident memory of any process.
        private_memory_bytes: memory of the process alone that the first answer added, median; None
            where the system does not say.
        partitions: pieces that the delegate takes; None where there is no delegate.
        operators_outside: operator types outside it, separated by spaces.
        instructions: executed instructions of one inference, where they are counted.
        instructions_spread: largest less smallest count over the processes, as a share.
        process_medians: of each process, in ms or instructions, JSON.
        quantiles_ms: 1, 5, 10, 25, 50, 75, 90, 95 and 99 % of all samples, JSON.
        doubts: codes of what makes the figures doubtful, separated by spaces.
    """

    median_ms: float | None = None
    low_ms: float | None = None
    high_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None
    min_ms: float | None = None
    samples: int | None = None
    smallest_change: float | None = None
    load_ms: float | None = None
    first_run_ms: float | None = None
    peak_memory_bytes: int | None = None
    private_memory_bytes: int | None = None
    partitions: int | None = None
    operators_outside: str | None = None
    instructions: int | None = None
    instructions_spread: float | None = None
    process_medians: str | None = None
    quantiles_ms: str | None = None
    doubts: str | None = None


def figures_of(report: LatencyReport | CountReport) -> Figures:
    """Return the figures of a report."""
    outside = " ".join(report.info.operators_outside)
    if isinstance(report, CountReport):
        return Figures(
            partitions=report.info.partitions,
            operators_outside=outside,
            instructions=report.instructions,
            instructions_spread=report.spread,
            process_medians=json.dumps([child.instructions for child in report.children]),
            doubts="",
        )
    low, high = report.interval_ms
    added = report.spread("added_private_bytes")
    quantiles = np.percentile(report.wall_ms, _QUANTILES)
    return Figures(
        median_ms=report.median_ms,
        low_ms=low,
        high_ms=high,
        p90_ms=report.percentile_ms(90),
        p99_ms=report.percentile_ms(99),
        min_ms=report.min_ms,
        samples=int(report.wall_ms.size),
        smallest_change=report.smallest_change,
        load_ms=report.load_ms,
        first_run_ms=report.first_run_ms,
        peak_memory_bytes=report.peak_memory_bytes,
        private_memory_bytes=None if added is None else int(added.median),
        partitions=report.info.partitions,
        operators_outside=outside,
        process_medians=json.dumps([round(each, 6) for each in report.child_medians_ms]),
        quantiles_ms=json.dumps([round(float(each), 6) for each in quantiles]),
        doubts=" ".join(issue.code for issue in report.issues if issue.doubtful),
    )
