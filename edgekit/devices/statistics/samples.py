"""Statistics of raw samples: pure functions of numbers, without a clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgekit.devices.statistics import student_t

Values = NDArray[np.float64]

_RESAMPLES = 5000
_LEAST_BEYOND = 3  # samples beyond a percentile before it is worth stating: p99 needs 300


def percentile(values: ArrayLike, percent: float) -> float | None:
    """Return a percentile, or None if fewer than three samples would lie beyond it."""
    samples = np.asarray(values, float)
    # Rounded, because 300 * 0.01 falls short of 3 in binary.
    if round(samples.size * (1 - percent / 100), 9) < _LEAST_BEYOND:
        return None
    return float(np.percentile(samples, percent))


def mad(values: ArrayLike) -> float:
    """Return the median absolute deviation from the median (about 0.67 standard deviations)."""
    samples = np.asarray(values, float)
    return float(np.median(np.abs(samples - np.median(samples))))


def drift(values: ArrayLike) -> float:
    """Return the median of the last third over that of the first third, less 1.

    0 for fewer than three samples.
    """
    samples = np.asarray(values, float)
    third = samples.size // 3
    if third == 0:
        return 0.0
    return float(np.median(samples[-third:]) / np.median(samples[:third])) - 1


def smallest_change(medians: ArrayLike) -> float:
    """Return the relative change that is found in four of five pairs of such measurements.

    Found means that the 95 % interval of the difference of two means excludes 0.

    Args:
        medians: of the processes of one measurement, two or more; the other is taken to scatter
            alike.
    """
    logs = np.log(np.asarray(medians, float))
    error = float(np.std(logs, ddof=1)) * np.sqrt(2 / logs.size)
    freedom = 2 * (logs.size - 1)
    return float(
        np.expm1(error * (student_t.quantile(0.975, freedom) + student_t.quantile(0.8, freedom)))
    )


def median_of_medians_interval(children: Sequence[ArrayLike], seed: int = 0) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median of the children's medians.

    Both levels are resampled: children first, then the samples within each drawn child, so that
    the interval covers what differs from process to process and not only the scatter inside one.
    With three children it is still rough: it says how far the headline may be off, not how
    likely.

    Args:
        children: each child's samples, in any unit.
        seed: of the resampling; the same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    picks = generator.integers(0, len(children), (_RESAMPLES, len(children)))
    medians = np.empty(picks.shape)
    for number, values in enumerate(children):
        drawn = picks == number
        ordered = np.sort(np.asarray(values, float))
        medians[drawn] = _resampled_medians(ordered, int(np.count_nonzero(drawn)), generator)
    low, high = np.percentile(np.median(medians, axis=1), [2.5, 97.5])
    return float(low), float(high)


def _resampled_medians(ordered: Values, count: int, generator: np.random.Generator) -> Values:
    """Draw the medians of ``count`` resamples of sorted samples, without drawing the resamples.

    A resample picks n positions uniformly, and its median is the sample at the middle one. The
    k-th smallest of n uniform numbers is Beta(k, n + 1 - k) distributed; given it, the next is
    the smallest of n - k numbers spread over what is left above, which is Beta(1, n - k).
    """
    n = ordered.size
    k = (n + 1) // 2
    lower = generator.beta(k, n + 1 - k, count)
    if n % 2:
        return ordered[_positions(lower, n)]
    upper = lower + (1 - lower) * generator.beta(1, n - k, count)
    return (ordered[_positions(lower, n)] + ordered[_positions(upper, n)]) / 2


def _positions(uniform: Values, n: int) -> NDArray[np.intp]:
    return np.minimum((uniform * n).astype(np.intp), n - 1)
