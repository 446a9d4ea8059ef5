"""What TFLite's ``benchmark_model`` prints, read: statistics over its runs, never the runs.

Its lines have changed little since TensorFlow 1.13; newer ones begin with ``INFO: ``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

# The mean is printed with six digits in one line and, by some versions, fewer in the other.
_SAME = 1e-3
# Sums are kept in whole microseconds and means are printed with six digits.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Statistics:
    """Times of several runs in microseconds, summed up by the program that took them.

    Attributes:
        count: number of runs.
        first_us: the first.
        min_us: the shortest.
        max_us: the longest.
        avg_us: their mean.
        std_us: their standard deviation.
        median_us: their median; None of versions that do not print it.

    Raises:
        ValueError: no runs have such statistics.
    """

    count: int
    first_us: float
    min_us: float
    max_us: float
    avg_us: float
    std_us: float
    median_us: float | None

    def __post_init__(self) -> None:
        slack = _ROUNDING * self.max_us
        ordered = 0 <= self.min_us <= self.avg_us + slack <= self.max_us + 2 * slack
        within = self.min_us <= self.first_us <= self.max_us
        spread = 0 <= self.std_us <= self.max_us - self.min_us + slack
        if not (self.count >= 1 and self.avg_us > 0 and ordered and within and spread):
            raise ValueError(f"no runs have these statistics: {self}")


@dataclass(frozen=True)
class Outcome:
    """What one process of ``benchmark_model`` found.

    Attributes:
        timed: the timed runs.
        warm_up: the runs before; None if there were none.
        init_us: time to load the file and prepare it to run.
        delegate: who ran how much of the graph, in its words; None if it says nothing of that.
        memory_init_mb: memory that preparing took, by its own measure; None if not printed.
        memory_mb: memory that everything took; None if not printed.
    """

    timed: Statistics
    warm_up: Statistics | None
    init_us: float
    delegate: str | None
    memory_init_mb: float | None
    memory_mb: float | None


_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"
_COUNTED = re.compile(
    rf"\bcount=(\d+) first={_NUMBER} curr=\S+ min={_NUMBER} max={_NUMBER} avg={_NUMBER} "
    rf"std={_NUMBER}(?:.* median={_NUMBER})?"
)
_ALL_SAME = re.compile(rf"\bcount=(\d+) curr={_NUMBER}(?: ?\(all same\))?\s*$")
# Since TensorFlow 2, and before.
_TIMINGS = (
    re.compile(rf"Inference timings in us: Init: {_NUMBER}.*Inference \(avg\): {_NUMBER}"),
    re.compile(rf"Average inference timings in us: .*Init: {_NUMBER}, no stats: {_NUMBER}"),
)
_MEMORY = re.compile(rf"[Mm]emory footprint.*\(MB\): init={_NUMBER} overall={_NUMBER}")
_REPLACED = re.compile(
    r"Replacing (\d+) (?:out of (\d+) )?node\(s\) with delegate \((\w+)\) node, yielding (\d+) "
    r"partitions"
)
_APPLIED = re.compile(
    r"pplied (\S+) delegate, and the model graph will be ((?:completely|partially) executed)"
)


def parse(text: str) -> Outcome:
    """Read all that one process printed.

    Args:
        text: stdout and stderr, one after the other.

    Raises:
        ValueError: something is missing or contradicts itself; says what.
    """
    lines = text.splitlines()
    counted = list(_statistics(lines))
    if not counted:
        raise ValueError("there is no line with count=, min=, max=, avg= and std=")
    if len(counted) > 2:
        raise ValueError(f"there are {len(counted)} lines with count=, where two are known")
    timings = _find(_TIMINGS, lines)
    if timings is None:
        raise ValueError("there is no line `Inference timings in us`")
    init_us, avg_us = (float(number) for number in timings.groups())
    timed = counted[-1]
    if not math.isclose(timed.avg_us, avg_us, rel_tol=_SAME):
        raise ValueError(f"the mean of the runs is {timed.avg_us:g} us once and {avg_us:g} us once")
    memory = _find((_MEMORY,), lines)
    return Outcome(
        timed=timed,
        warm_up=counted[0] if len(counted) == 2 else None,
        init_us=init_us,
        delegate=_delegate(lines),
        memory_init_mb=float(memory[1]) if memory else None,
        memory_mb=float(memory[2]) if memory else None,
    )


def _statistics(lines: list[str]) -> Iterator[Statistics]:
    for line in lines:
        if found := _COUNTED.search(line):
            count, *numbers, median = found.groups()
            first, least, most, mean, deviation = map(float, numbers)
            middle = None if median is None else float(median)
            yield Statistics(int(count), first, least, most, mean, deviation, middle)
        elif found := _ALL_SAME.search(line):
            every = float(found[2])
            yield Statistics(int(found[1]), every, every, every, every, 0.0, None)


def _find(patterns: tuple[re.Pattern[str], ...], lines: list[str]) -> re.Match[str] | None:
    found = (pattern.search(line) for line in lines for pattern in patterns)
    return next((match for match in found if match), None)


def _delegate(lines: list[str]) -> str | None:
    """Say in few words what a delegate took over; a delegate that took nothing is not named."""
    if found := _find((_REPLACED,), lines):
        nodes, total, name, partitions = found.groups()
        of = f" of {total}" if total else ""
        return f"{name}: {nodes}{of} nodes, {partitions} partitions"
    if found := _find((_APPLIED,), lines):
        return f"{found[1]}: {found[2]}"
    return None
