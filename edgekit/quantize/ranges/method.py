"""What every method of range estimation is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgekit.quantize.ranges.affine import sound_range
from edgekit.quantize.ranges.summary import Summary

Range = tuple[float, float]
Estimate = Callable[[Summary, int, bool], Range]


@dataclass(frozen=True)
class Method:
    """A way to choose the range of real values that a tensor's codes cover.

    Attributes:
        name: as users type it.
        needs_histogram: whether it needs the second pass over the images.
        estimate: from summary, bits and symmetric to low and high; called only for tensors that
            are not constant.
    """

    name: str
    needs_histogram: bool
    estimate: Estimate

    def range_of(self, summary: Summary, bits: int, *, symmetric: bool = False) -> Range:
        """Return low and high, with ``low <= 0 <= high`` and ``low < high``.

        Args:
            summary: of the tensor's values over all calibration images.
            bits: width of the codes, 2 to 16.
            symmetric: whether as many codes lie below zero as above. The range itself is not
                made symmetric: ``to_affine`` does that.

        Raises:
            ValueError: the method needs a histogram and there is none.
        """
        extremes = summary.extremes
        low, high = extremes.low, extremes.high
        constant = low == high or (self.needs_histogram and summary.values.total == 0)
        if not constant:
            low, high = self.estimate(summary, bits, symmetric)
        return sound_range(low, high, extremes.tensor)
