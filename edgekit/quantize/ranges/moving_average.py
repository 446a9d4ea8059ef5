"""The typical image's values are covered: moving averages of the smallest and largest values.

Source: Jacob et al., 2018, arXiv 1712.05877, section 3.1. Beyond it, images of few values are taken
together; see `edgekit.quantize.ranges.typical`.
"""

from __future__ import annotations

from edgekit.quantize.ranges.method import Method, Range
from edgekit.quantize.ranges.summary import Summary


def _estimate(summary: Summary, _bits: int, _symmetric: bool) -> Range:
    return summary.extremes.typical.span


METHOD = Method("moving-average", needs_histogram=False, estimate=_estimate)
