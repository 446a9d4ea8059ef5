"""The typical smallest and largest value: averages over groups of images.

The largest of a million values is nearly the same in every image, and clipping at its average costs
a few of them. The largest of ten is another in every image: at its average half of the images would
lose their most telling value. So extremes are taken of as many images as hold `FEWEST` values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

FEWEST = 16384
"""Values of a group. A fourth of it left 1 to 3 dB less of the networks that were measured; four
times as many bring back the outliers that an average is there to leave out."""


@dataclass(frozen=True)
class _Ends:
    """How far some images reach, and how many values they have."""

    low: float = math.inf
    high: float = -math.inf
    values: int = 0

    def __or__(self, other: _Ends) -> _Ends:
        low, high = min(self.low, other.low), max(self.high, other.high)
        return _Ends(low, high, self.values + other.values)


@dataclass(frozen=True)
class Typical:
    """Exponential moving averages of the extremes of groups of images.

    Attributes:
        momentum: the share of an average that one more group leaves, between 0 and 1.
        groups: how many are in the averages.
        average: of their extremes.
        full: the group before the last; the last one joins it if it stays too small.
        last: the images since then.
    """

    momentum: float = 0.99
    groups: int = 0
    average: tuple[float, float] = (0.0, 0.0)
    full: _Ends = _Ends()
    last: _Ends = _Ends()

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1:
            raise ValueError(f"a momentum is at least 0 and less than 1, got {self.momentum}")

    def plus(self, low: float, high: float, values: int) -> Typical:
        """Return the averages with one more image of so many values, from ``low`` to ``high``."""
        last = self.last | _Ends(low, high, values)
        if last.values < FEWEST:
            return replace(self, last=last)
        before = self if self.full.values == 0 else self._with(self.full)
        return replace(before, full=last, last=_Ends())

    @property
    def span(self) -> tuple[float, float]:
        """The average low and high of at least one image."""
        return self._with(self.full | self.last).average

    def _with(self, group: _Ends) -> Typical:
        # The weights of all groups add up to 1 from the first group on, so that no start value
        # remains in the average: of few groups it is nearly the plain mean.
        weight = (1 - self.momentum) / (1 - self.momentum ** (self.groups + 1))
        low, high = self.average
        average = low + weight * (group.low - low), high + weight * (group.high - high)
        return replace(self, groups=self.groups + 1, average=average)
