"""The range whose codes keep the distribution best: least Kullback-Leibler divergence.

TensorRT's calibration (Migacz, GTC 2017, "8-bit inference with TensorRT"), for ranges with two
ends of their own. A candidate range makes two distributions over its bins: P, the values with
those outside moved into the bins at its ends; Q, the values inside alone, each step's spread
evenly over its occupied bins. Sums over bins come from running totals, so a candidate costs as
many operations as there are steps, not bins.

Spikes in the distribution (a channel that is constant, say) drown the loss at the tails, and the
least divergence may then be where a third of the values is clipped; so the share is bounded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgekit.quantize.ranges.histogram import Counts, Histogram
from edgekit.quantize.ranges.method import Method, Range
from edgekit.quantize.ranges.summary import Summary

_CANDIDATES = 512  # about how many positions of one end are tried
_CLIPPED = 1e-3  # of the values, at most, beyond each end
_ROUNDS = 4  # each end is moved at most this often; two suffice nearly always

Floats = npt.NDArray[np.float64]


class _Divergence:
    """Divergences of candidate ranges, each a first bin and the bin after the last."""

    def __init__(self, counts: Counts, steps: int) -> None:
        self._counts = counts
        self._steps = steps
        self._total = int(counts.sum())
        self._values_before = np.concatenate([[0], np.cumsum(counts)])
        self._occupied_before = np.concatenate([[0], np.cumsum(counts > 0)])
        self._entropy_before = np.concatenate([[0.0], np.cumsum(_x_log_x(counts))])

    def of(self, first: Counts, end: Counts) -> Floats:
        """Return divergences in nats, shape (candidates,), from bins of the same shape."""
        bounds = first[:, None] + np.arange(self._steps + 1) * (end - first)[:, None] // self._steps
        inside = np.diff(self._values_before[bounds])
        occupied = np.diff(self._occupied_before[bounds])
        # Sampling noise alone makes a flat step look uneven: by this much on average.
        noise = occupied.sum(1) - (occupied > 0).sum(1)
        of_p = inside.astype(np.float64)
        logs = self._entropy_before[end] - self._entropy_before[first]
        for step, end_bin, beyond in (
            (0, first, self._values_before[first]),
            (-1, end - 1, self._total - self._values_before[end]),
        ):
            own = self._counts[end_bin]
            logs += _x_log_x(own + beyond) - _x_log_x(own)
            of_p[:, step] += beyond
            occupied[:, step] += (own == 0) & (beyond > 0)
        # A step that only values from outside occupy has half a value of its own.
        of_q = np.maximum(inside, 0.5) / np.maximum(occupied, 1)
        cross = (of_p * np.log(of_q)).sum(1)
        kept = inside.sum(1)
        divergence = (logs - cross - noise / 2) / self._total
        divergence += np.log(np.maximum(kept, 1) / self._total)
        return np.where(kept > 0, divergence, np.inf)


def _estimate(summary: Summary, bits: int, symmetric: bool) -> Range:
    histogram = summary.values
    if symmetric:
        return _symmetric(histogram, 2 ** (bits - 1))
    first, end = _best(histogram.counts, histogram.negative_bins, 2**bits)
    return float(histogram.edges[first]), float(histogram.edges[end])


def _symmetric(histogram: Histogram, steps: int) -> Range:
    """Search one threshold for both signs, over the counts of magnitudes."""
    below = histogram.counts[: histogram.negative_bins][::-1]
    above = histogram.counts[histogram.negative_bins :]
    magnitudes = np.zeros(max(below.size, above.size), np.int64)
    magnitudes[: below.size] += below
    magnitudes[: above.size] += above
    _, end = _best(magnitudes, 0, steps)
    first = histogram.negative_bins - min(end, below.size)
    last = histogram.negative_bins + min(end, above.size)
    return float(histogram.edges[first]), float(histogram.edges[last])


def _best(counts: Counts, zero: int, steps: int) -> tuple[int, int]:
    """Move one end at a time to where the divergence is least; bin ``zero`` starts at zero."""
    first, end = 0, counts.size
    if end <= steps:
        return first, end  # every bin has a step of its own: nothing to gain
    divergence = _Divergence(counts, steps)
    stride = max(1, counts.size // _CANDIDATES)
    may_clip = _CLIPPED * int(counts.sum())
    # The range reaches from the latest first bin to the earliest end, or farther.
    latest = min(zero, int(np.searchsorted(np.cumsum(counts), may_clip, side="right")))
    earliest = max(
        zero, counts.size - int(np.searchsorted(np.cumsum(counts[::-1]), may_clip, side="right"))
    )
    for _ in range(_ROUNDS):
        before = first, end
        ends = np.arange(counts.size, max(earliest, first + steps) - 1, -stride)
        end = int(ends[np.argmin(divergence.of(np.full_like(ends, first), ends))])
        firsts = np.arange(0, min(latest, end - steps) + 1, stride)
        first = int(firsts[np.argmin(divergence.of(firsts, np.full_like(firsts, end)))])
        if (first, end) == before:
            break
    return first, end


def _x_log_x(counts: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(counts * np.log(np.maximum(counts, 1)), np.float64)


METHOD = Method("entropy", needs_histogram=True, estimate=_estimate)
