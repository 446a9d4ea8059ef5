"""What a ratio and its interval mean: faster, slower, the same, or not to be told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from edgekit.devices.statistics import ratio, student_t
from edgekit.devices.statistics.ratio import Clock, Estimate, Timed

Verdict = Literal["faster", "slower", "same", "cannot tell"]

# Two files are called the same only if the interval shows them to lie within this.
SAME_WITHIN = 0.02
# A file beside itself differs by up to this for good in one measurement: where its tensors lie.
LEAST_CHANGE = 0.005
_MOST_PROCESSES = 1000
_NEARLY_NORMAL = 100  # degrees of freedom beyond which Student's t changes by less than 1 %


@dataclass(frozen=True)
class Contrast:
    """One candidate beside the base.

    Attributes:
        ratio: the candidate's time over the base's.
        interval: 95 % interval of the ratio.
        verdict: what follows: faster or slower if the interval excludes 1 and the ratio is at
            least 0.5 % from it; else the same if the interval lies within 2 %; else it cannot
            be told.
        within: the largest difference in the interval, as a part of the base's time.
        smallest_change: the change that four of five measurements like this one would find, as a
            part of the base's time.
        more_processes: how many processes more would bring a verdict, if the times keep
            scattering as they do; 0 if there is one, None if more than 1000.
        clock: whether the times are of undisturbed runs, CPU times, or of all runs.
        base_ms: the base's time (see `edgekit.devices.statistics.ratio`).
        candidate_ms: the candidate's.
        samples: number of samples behind the ratio, of both files.
        processes: processes they are from.
    """

    ratio: float
    interval: tuple[float, float]
    verdict: Verdict
    within: float
    smallest_change: float
    more_processes: int | None
    clock: Clock
    base_ms: float
    candidate_ms: float
    samples: int
    processes: int

    def slower_by_more_than(self, percent: float) -> bool:
        """Tell whether the candidate is, beyond doubt, slower by more than so many per cent."""
        return self.interval[0] > 1 + percent / 100

    def summary(self) -> dict[str, Any]:
        """Return the contrast ready for JSON."""
        return {**self.__dict__, "interval": list(self.interval)}


def of_turns(base: list[Timed], candidate: list[Timed], threads: int, seed: int) -> Contrast:
    """Contrast two files that took turns in the same processes."""
    clock = ratio.choose_clock([*base, *candidate], threads)
    return _contrast(ratio.in_turns(base, candidate, clock, seed), base, candidate, clock)


def of_apart(base: list[Timed], candidate: list[Timed], threads: int, seed: int) -> Contrast:
    """Contrast two files that were measured in processes of their own."""
    clock = ratio.choose_clock([*base, *candidate], threads)
    return _contrast(ratio.apart(base, candidate, clock, seed), base, candidate, clock)


def _contrast(
    estimate: Estimate, base: list[Timed], candidate: list[Timed], clock: Clock
) -> Contrast:
    low, high = math.exp(estimate.low), math.exp(estimate.high)
    within = max(high - 1, 1 - low)
    verdict = judge(math.exp(estimate.center), low, high)
    return Contrast(
        ratio=math.exp(estimate.center),
        interval=(low, high),
        verdict=verdict,
        within=within,
        smallest_change=max(LEAST_CHANGE, math.expm1(estimate.smallest_change)),
        more_processes=0 if verdict != "cannot tell" else more_processes(estimate),
        clock=clock,
        base_ms=ratio.typical_ms(base, clock),
        candidate_ms=ratio.typical_ms(candidate, clock),
        samples=sum(each.values_ms(clock)[0].size for each in (*base, *candidate)),
        processes=estimate.processes,
    )


def judge(ratio: float, low: float, high: float) -> Verdict:
    """Return what a ratio and its interval say."""
    if high < 1 and ratio <= 1 - LEAST_CHANGE:
        return "faster"
    if low > 1 and ratio >= 1 + LEAST_CHANGE:
        return "slower"
    return "same" if max(high - 1, 1 - low) <= SAME_WITHIN else "cannot tell"


def more_processes(estimate: Estimate) -> int | None:
    """Return how many more processes would narrow the interval to a verdict; None if too many.

    Either the interval then excludes 1, or it lies within what is called the same.
    """
    wanted = max(abs(estimate.center), math.log1p(SAME_WITHIN) - abs(estimate.center))
    now = estimate.processes
    error = estimate.half_width * math.sqrt(now) / student_t.quantile(0.975, estimate.freedom)
    per_process = estimate.freedom / (now - 1)  # 1 in turns, 1 to 2 apart
    for count in range(now + 1, _MOST_PROCESSES + 1):
        freedom = min(int(per_process * (count - 1)), _NEARLY_NORMAL)
        if error * student_t.quantile(0.975, freedom) / math.sqrt(count) < wanted:
            return count - now
    return None
