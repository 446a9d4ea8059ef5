"""The range with the least mean squared error of rounding and clipping together.

Within a bin the values are taken as spread evenly; the squared error is then integrated exactly,
whatever the ratio of bin to step. Error at ``x`` is ``(x - k * s)**2``, where ``k`` is the code of
``x`` less the zero point and ``s`` the scale, and its integral from 0 to ``x`` is
``k * s**3 / 12 + (x - k * s)**3 / 3``: for clipped values too.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgekit.quantize.ranges.affine import code_limits, to_affine
from edgekit.quantize.ranges.histogram import Histogram
from edgekit.quantize.ranges.method import Method, Range
from edgekit.quantize.ranges.summary import Summary

_FINEST = 10  # the search starts with ranges down to this power of 1/2 of the full one
_REFINEMENTS = 4  # each halves the spacing of the candidates, as ratios of neighbours

Floats = npt.NDArray[np.float64]


def squared_error(
    histogram: Histogram, low: float, high: float, bits: int, symmetric: bool
) -> float:
    """Return the sum of squared errors over the histogram's values for the range low to high."""
    scale, zero_point = to_affine(low, high, bits, symmetric, histogram.tensor)
    lowest, highest = code_limits(bits, symmetric)
    edges = histogram.edges
    codes = np.clip(np.rint(edges / scale), lowest - zero_point, highest - zero_point)
    integral = codes * (scale**3 / 12) + (edges - codes * scale) ** 3 / 3
    return float(histogram.counts @ (np.diff(integral) / np.diff(edges)))


def _estimate(summary: Summary, bits: int, symmetric: bool) -> Range:
    histogram = summary.values
    low, high = float(histogram.edges[0]), float(histogram.edges[-1])

    def candidate(shrink: tuple[float, float]) -> Range:
        return low * 2.0 ** -shrink[0], high * 2.0 ** -shrink[1]

    def error(shrink: tuple[float, float]) -> float:
        return squared_error(histogram, *candidate(shrink), bits, symmetric)

    # An end at zero stays there. A symmetric range has but one threshold to search.
    free = low < 0, high > 0
    errors = {pair: error(pair) for pair in _pairs(range(_FINEST + 1), free, symmetric)}
    spacing = 1.0
    for _ in range(_REFINEMENTS):
        spacing /= 2
        best = min(errors, key=lambda pair: (errors[pair], pair))
        for move in _pairs((-spacing, 0.0, spacing), free, symmetric):
            pair = max(best[0] + move[0], 0.0), max(best[1] + move[1], 0.0)
            if pair not in errors:
                errors[pair] = error(pair)
    return candidate(min(errors, key=lambda pair: (errors[pair], pair)))


def _pairs(
    values: Sequence[float], free: tuple[bool, bool], symmetric: bool
) -> list[tuple[float, float]]:
    """Return every pair of values for the two ends; an end that is not free has 0."""
    if symmetric:
        return [(value, value) for value in values]
    below, above = (values if end else (0.0,) for end in free)
    return list(itertools.product(below, above))


METHOD = Method("mse", needs_histogram=True, estimate=_estimate)
