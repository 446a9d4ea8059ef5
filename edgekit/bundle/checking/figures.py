"""One figure with its interval, and what of it a check could have told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.devices import Contrast
from edgekit.devices.statistics import student_t
from edgekit.evaluate import PairedDifference

_POWER = 0.8  # share of checks like this one that would find the smallest change


@dataclass(frozen=True)
class Estimate:
    """A figure.

    Attributes:
        value: the figure itself.
        low: lower end of its 95 % interval; the figure itself where it is exact.
        high: upper end.
        smallest_change: the change that four of five checks like this one would find, in the
            figure's own unit; None where nobody can say.
    """

    value: float
    low: float
    high: float
    smallest_change: float | None

    @classmethod
    def exact(cls, value: float) -> Estimate:
        """Return a count: any change of it is found."""
        return cls(value, value, value, 0.0)


@dataclass(frozen=True)
class Figures:
    """What is known of one metric of one file; None for what is not.

    Attributes:
        now: of the candidate.
        change: the candidate's less the baseline's, in the metric's own unit.
        change_percent: the same, of the baseline's.
        both: the baseline's figure and the candidate's, in words.
        words: what else to say, such as how many images.
    """

    now: Estimate | None = None
    change: Estimate | None = None
    change_percent: Estimate | None = None
    both: str = ""
    words: str = ""


def of_counts(now: int | None, then: int | None) -> Figures:
    """Return the figures of something that is counted."""
    if now is None:
        return Figures()
    if then is None:
        return Figures(Estimate.exact(now))
    percent = Estimate.exact(100 * (now - then) / then) if then else None
    both = f"{then:,} before, {now:,} now"
    return Figures(Estimate.exact(now), Estimate.exact(now - then), percent, both)


def of_contrast(now: Estimate | None, contrast: Contrast | None) -> Figures:
    """Return the figures of latencies: alone, in ms, and in turns with the baseline's."""
    if contrast is None:
        return Figures(now)
    low, high = (100 * (each - 1) for each in contrast.interval)
    point = 100 * (contrast.ratio - 1)
    found = 100 * contrast.smallest_change
    return Figures(now, change_percent=Estimate(point, low, high, found))


def of_processes(now: Sequence[float], then: Sequence[float] | None) -> Figures:
    """Return the figures of something measured once in each of several processes, in pairs."""
    here = _mean(np.asarray(now))
    if then is None:
        return Figures(here)
    logs = _mean(np.log(np.maximum(now, 1e-9)) - np.log(np.maximum(then, 1e-9)))
    smallest = None if logs.smallest_change is None else _percent(logs.smallest_change)
    ratio = Estimate(_percent(logs.value), _percent(logs.low), _percent(logs.high), smallest)
    return Figures(here, change_percent=ratio)


def of_answers(right: Sequence[bool], right_before: Sequence[bool] | None) -> Figures:
    """Return the figures of accuracies: of right answers to the same images in the same order.

    The change is negative where the candidate is worse.
    """
    count = len(right)
    share = sum(right) / count
    # The interval of a share: Wilson's.
    z2 = student_t.NORMAL_975**2
    center = (share + z2 / (2 * count)) / (1 + z2 / count)
    spread = math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    half = student_t.NORMAL_975 * spread
    now = Estimate(100 * share, 100 * (center - half), 100 * (center + half), None)
    if right_before is None:
        return Figures(now)
    pairs = list(zip(right, right_before, strict=True))
    gained = PairedDifference(pairs.count((True, False)), pairs.count((False, True)), count)
    low, high = (100 * each for each in gained.interval)
    # Half an interval of 1.96 standard errors, to 1.96 and 0.84 of them.
    smallest = (high - low) / 2 * (1 + 0.8416 / student_t.NORMAL_975)
    change = Estimate(100 * gained.value, low, high, smallest)
    return Figures(now, change, words=f"on {count} images")


def _mean(values: np.ndarray) -> Estimate:
    """Return the mean of a few values, with Student's interval."""
    mean, freedom = float(values.mean()), values.size - 1
    error = float(values.std(ddof=1)) / math.sqrt(values.size)
    width = student_t.quantile(0.975, freedom)
    smallest = (width + student_t.quantile(_POWER, freedom)) * error
    return Estimate(mean, mean - width * error, mean + width * error, smallest)


def _percent(log: float) -> float:
    return 100 * math.expm1(log)
