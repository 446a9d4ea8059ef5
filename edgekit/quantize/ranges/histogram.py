"""Counts of a tensor's values in bins of equal width; the second pass.

Memory depends on the number of bins alone, not on how many values are counted.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edgekit.errors import RefusedError

BINS = 4096
"""Sixteen bins for each of the 256 steps of int8, as TensorRT has 2048 for 128."""

_BLOCK = 1 << 15  # values at a time: the temporaries stay in the cache

Edges = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class Histogram:
    """Counts of the values from ``low`` to ``high``, those of exact zero apart.

    Zero is represented exactly by every range, so zeros say nothing about which range is good;
    after a ReLU they would outweigh all else.

    Args:
        tensor: its name, for messages.
        low: smallest value to come, from the first pass.
        high: largest value to come.
        bins: about how many bins.

    Attributes:
        edges: float64 of shape (bins + 1,), rising. Zero is one of them if it lies between
            the extremes, which are the first and the last or enclosed by them.
        counts: int64 of shape (bins,). Values outside, which only differently rounded sums can
            give, are counted in the bins at the ends.
        zeros: number of values that are exactly zero; they are in no bin.
        negative_bins: number of bins below zero.
    """

    def __init__(self, tensor: str, low: float, high: float, bins: int = BINS) -> None:
        if bins < 2 or not (math.isfinite(low) and math.isfinite(high) and low <= high):
            raise ValueError(f"no histogram of {bins} bins from {low:g} to {high:g}: {tensor}")
        self.tensor = tensor
        low, high = min(float(low), 0.0), max(float(high), 0.0)
        if low == high:
            high = 1.0  # nothing but zeros
        self.negative_bins, positive_bins, width = _division(low, high, bins)
        # The outermost bins end at the extremes, so they may be narrower than the others.
        places = np.arange(-self.negative_bins, positive_bins + 1, dtype=np.float64)
        self.edges: Edges = places * width
        self.edges[0], self.edges[-1] = low, high
        self.counts: Counts = np.zeros(self.edges.size - 1, np.int64)
        self.zeros = 0
        self._width = width

    @property
    def total(self) -> int:
        """Number of values that are not zero."""
        return int(self.counts.sum())

    def add(self, values: npt.NDArray[np.float32]) -> None:
        """Count the values of one image, of any shape.

        Raises:
            RefusedError: one of them is NaN or infinite (reason "not-finite").
        """
        flat = np.ravel(values)
        last = self.counts.size - 1
        bin_of_zero = min(self.negative_bins, last)
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK]
            # In float64: the quotient of a tiny range would overflow float32.
            places = np.multiply(block, 1 / self._width, dtype=np.float64)
            places += self.negative_bins
            if not (math.isfinite(places.min()) and math.isfinite(places.max())):
                raise RefusedError(
                    f"{self.tensor} cannot be calibrated: it has values that are NaN or "
                    "infinite; look for an overflow or a division by zero before it",
                    reason_code="not-finite",
                )
            np.clip(places, 0, last, out=places)
            self.counts += np.bincount(places.astype(np.intp), minlength=last + 1)
            zeros = block.size - int(np.count_nonzero(block))
            self.counts[bin_of_zero] -= zeros
            self.zeros += zeros


def _division(low: float, high: float, bins: int) -> tuple[int, int, float]:
    """Return the bins below zero, those above and their width, with an edge at zero."""
    if low == 0 or high == 0:
        return (0, bins, high / bins) if low == 0 else (bins, 0, -low / bins)
    width = (high - low) / (bins - 1)
    # A sliver of a bin, left by rounding, goes to its neighbour.
    below, above = (max(1, math.ceil(end / width - 1e-9)) for end in (-low, high))
    return below, above, width
