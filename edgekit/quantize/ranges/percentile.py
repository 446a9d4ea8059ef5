"""All values but a small share at each end are covered."""

from __future__ import annotations

import math

import numpy as np

from edgekit.quantize.ranges.method import Method, Range
from edgekit.quantize.ranges.summary import Summary

PERCENTILE = 99.99


def method(percentile: float = PERCENTILE) -> Method:
    """Return the method that leaves out ``100 - percentile`` percent of the values at each end.

    Exact zeros are not counted as values: every range has them. The result is the outer edge of
    the bin with the quantile, so it is at most one bin wider.

    Raises:
        ValueError: the percentile is not above 50 and at most 100.
    """
    if not 50 < percentile <= 100:
        raise ValueError(f"a percentile is above 50 and at most 100, got {percentile}")

    def estimate(summary: Summary, _bits: int, _symmetric: bool) -> Range:
        histogram = summary.values
        up_to = np.cumsum(histogram.counts)
        last = histogram.total - 1
        # Positions among the sorted values, from 0; the bin of a position is the first one up to
        # whose end more values lie.
        upper = min(math.ceil(percentile / 100 * last), last)
        lower = math.floor((100 - percentile) / 100 * last)
        first_bin, last_bin = np.searchsorted(up_to, [lower, upper], side="right")
        return float(histogram.edges[first_bin]), float(histogram.edges[last_bin + 1])

    return Method("percentile", needs_histogram=True, estimate=estimate)


METHOD = method()
