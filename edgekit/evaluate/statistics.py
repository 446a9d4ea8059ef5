"""Shares with their doubt: pure functions of counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959963984540054  # a normal variable lies within this many deviations in 95 % of all cases


@dataclass(frozen=True)
class Share:
    """How many of a number of images.

    Attributes:
        count: images for which something holds.
        of: images altogether, at least 1.
    """

    count: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.of or self.of < 1:
            raise ValueError(f"{self.count} of {self.of} is no share")

    @property
    def value(self) -> float:
        """The share, between 0 and 1."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the share: sound near 0 and 1 too, and never outside."""
        n, p = self.of, self.value
        middle = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
        reach = _Z * math.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
        # At the ends the formula is exact, but for its rounding.
        low = 0.0 if self.count == 0 else middle - reach
        high = 1.0 if self.count == self.of else middle + reach
        return low, high


@dataclass(frozen=True)
class PairedDifference:
    """Difference of two shares of the same images, from the images where they disagree.

    Attributes:
        gained: images right with the first and wrong with the second.
        lost: images wrong with the first and right with the second.
        of: images altogether, at least 1.
    """

    gained: int
    lost: int
    of: int

    def __post_init__(self) -> None:
        if min(self.gained, self.lost) < 0 or not 0 < self.of >= self.gained + self.lost:
            raise ValueError(f"{self.gained} gained and {self.lost} lost of {self.of}")

    @property
    def value(self) -> float:
        """First share less second, between -1 and 1."""
        return (self.gained - self.lost) / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the difference, after Agresti and Min (2005).

        The normal interval of paired differences with half an image added to each of the four
        outcomes, so that two models that never disagree still get an interval with a width.
        """
        n, gained, lost = self.of + 2, self.gained + 0.5, self.lost + 0.5
        middle = (gained - lost) / n
        reach = _Z * math.sqrt(gained + lost - (gained - lost) ** 2 / n) / n
        return max(-1.0, middle - reach), min(1.0, middle + reach)
