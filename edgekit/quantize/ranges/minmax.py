"""All values seen are covered."""

from __future__ import annotations

from edgekit.quantize.ranges.method import Method, Range
from edgekit.quantize.ranges.summary import Summary


def _estimate(summary: Summary, _bits: int, _symmetric: bool) -> Range:
    return summary.extremes.low, summary.extremes.high


METHOD = Method("minmax", needs_histogram=False, estimate=_estimate)
