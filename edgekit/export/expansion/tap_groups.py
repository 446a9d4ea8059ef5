"""How the taps of a large window are shared out to smaller windows, dilated ones among them.

Every group lies evenly about the middle of the whole, so that a window that TFLite pads as SAME is
taken apart into windows that it pads as SAME.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Run:
    """Evenly spaced taps along one axis.

    Attributes:
        first: index of the first.
        count: how many.
        step: from one to the next; 1 where there is one only.
    """

    first: int
    count: int
    step: int

    @property
    def last(self) -> int:
        """Index of the last."""
        return self.first + (self.count - 1) * self.step

    @property
    def taps(self) -> range:
        """Indices of all."""
        return range(self.first, self.last + 1, self.step)

    @property
    def of_all(self) -> slice:
        """Indexes them along the axis."""
        return slice(self.first, self.last + 1, self.step)


Group = tuple[Run, Run]
"""Rows and columns."""

_SIZES = (9, 25)  # of XNNPACK's depthwise kernels; a smaller window takes as long as the next size
_ADDITION = 3  # of two maps, as taps
_LARGEST = 32 * 32  # a window that is taken apart

MOST_TAPS = _SIZES[-1]
"""Of XNNPACK's largest depthwise kernel."""


@cache
def share_out(height: int, width: int) -> tuple[Group, ...] | None:
    """Return groups of at most `MOST_TAPS` that hold every tap once, those that take least.

    None where there is no such way, or the window is larger than anybody's.
    """
    if height * width > _LARGEST:
        return None
    ways = []
    for tallest in range(1, MOST_TAPS + 1):
        rows = _runs(frozenset(range(height)), height, tallest)
        columns = {
            row.count: _runs(frozenset(range(width)), width, MOST_TAPS // row.count)
            for row in rows or ()
        }
        if rows is None or None in columns.values():
            continue
        groups = [(row, column) for row in rows for column in columns[row.count] or ()]
        ways.append(tuple(sorted(groups, key=lambda group: -group[0].count * group[1].count)))
    return min(ways, key=_cost, default=None)


def _cost(groups: tuple[Group, ...]) -> int:
    """Return what it takes, in taps."""
    sizes = [rows.count * columns.count for rows, columns in groups]
    return sum(min(each for each in _SIZES if size <= each) + _ADDITION for size in sizes)


@cache
def _runs(left: frozenset[int], size: int, longest: int) -> tuple[Run, ...] | None:
    """Return the fewest runs, evenly about the middle of ``size``, that hold what is left."""
    if not left:
        return ()
    found = [
        (run, *rest)
        for run in _outermost(left, size, longest)
        if (rest := _runs(left - set(run.taps), size, longest)) is not None
    ]
    return min(found, key=len, default=None)


def _outermost(left: frozenset[int], size: int, longest: int) -> Iterator[Run]:
    """Yield the runs from the first of what is left to its counterpart."""
    first = min(left)
    span = size - 1 - 2 * first
    if span == 0:
        yield Run(first, 1, 1)
    for step in range(1, span + 1):
        run = Run(first, span // step + 1, step)
        if span % step == 0 and run.count <= longest and left.issuperset(run.taps):
            yield run
