"""The ratio of two files' times and its interval: pure functions of samples, without a clock.

A file's time in one process is the 20th percentile of what it took there. Interference only ever
adds time, so a low percentile repeats far better than the median (measured: twice as well on a
busy machine), and unlike the minimum it does not hang on one lucky run. The interval comes from
a bootstrap over processes and, within them, over rounds, since neither the runs of one round nor
the rounds of one process are independent. With few processes a bootstrap is too narrow, so it is
stretched as Student's t is wider than the normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgekit.devices.statistics import student_t
from edgekit.runtimes.timing import TimeSamples

Values = NDArray[np.float64]
Clock = Literal["undisturbed wall", "CPU", "wall"]

QUANTILE = 0.2
LEAST_UNDISTURBED = 20  # in each process; a 20th percentile has then some samples below it
_DRAWS = 4000
_DRAWS_WITHIN = 200  # of the rounds of one process


@dataclass(frozen=True)
class Timed:
    """What one process measured of one file, in rounds.

    Attributes:
        rounds: the samples of each round, in the order taken.
    """

    rounds: tuple[TimeSamples, ...]

    def values_ms(self, clock: Clock) -> tuple[Values, NDArray[np.intp]]:
        """Return the times that a clock gives, and the round each is from."""
        kept = self._undisturbed if clock == "undisturbed wall" else np.ones_like(self._undisturbed)
        ns = [t for r in self.rounds for t in (r.cpu_ns if clock == "CPU" else r.wall_ns)]
        return np.array(ns)[kept] / 1e6, self._round_of[kept]

    @cached_property
    def _round_of(self) -> NDArray[np.intp]:
        return np.repeat(np.arange(len(self.rounds)), [len(r.wall_ns) for r in self.rounds])

    @cached_property
    def _undisturbed(self) -> NDArray[np.bool_]:
        return np.array([n == 0 for r in self.rounds for n in r.involuntary_switches])

    @property
    def undisturbed(self) -> int:
        """Number of samples during which the kernel never took a core away."""
        return int(np.count_nonzero(self._undisturbed))


@dataclass(frozen=True)
class Estimate:
    """A ratio of times and how well it is known, all as natural logarithms.

    Attributes:
        center: logarithm of the ratio.
        low: lower end of its 95 % interval.
        high: upper end.
        processes: processes behind it; the smaller number if the sides differ.
        freedom: degrees of freedom of the interval.
    """

    center: float
    low: float
    high: float
    processes: int
    freedom: int

    @property
    def half_width(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    @property
    def smallest_change(self) -> float:
        """Logarithm of the change that is found in four of five measurements like this one."""
        error = self.half_width / student_t.quantile(0.975, self.freedom)
        return error * (
            student_t.quantile(0.975, self.freedom) + student_t.quantile(0.8, self.freedom)
        )


def choose_clock(timed: Iterable[Timed], threads: int) -> Clock:
    """Return which times to compare: of undisturbed runs, or CPU times where those are few.

    The CPU time of several threads is not what passes until the answer is there, so with more
    than one thread the wall time is left, disturbed or not.
    """
    if min(each.undisturbed for each in timed) >= LEAST_UNDISTURBED:
        return "undisturbed wall"
    return "CPU" if threads == 1 else "wall"


def typical_ms(processes: Sequence[Timed], clock: Clock) -> float:
    """Return the geometric mean over processes of the file's time in each."""
    values = [each.values_ms(clock)[0] for each in processes]
    return float(np.exp(np.mean([np.log(_quantile(np.sort(one))) for one in values])))


def in_turns(
    base: Sequence[Timed], candidate: Sequence[Timed], clock: Clock, seed: int = 0
) -> Estimate:
    """Compare two files that took turns within each process.

    Args:
        base: one entry a process; of the same round where the candidate's round is the same.
        candidate: the same processes' other file.
        clock: which times to compare.
        seed: of the resampling.
    """
    generator = np.random.default_rng(seed)
    logs = []
    for a, b in zip(base, candidate, strict=True):
        of_base, of_candidate = a.values_ms(clock), b.values_ms(clock)
        rounds = np.intersect1d(of_base[1], of_candidate[1])
        if rounds.size == 0:  # no round has samples of both: compare the process as a whole
            of_base, of_candidate = _as_one_round(of_base), _as_one_round(of_candidate)
            rounds = np.zeros(1, np.intp)
        weights = _weights(rounds, generator)
        logs.append(_log_times(of_candidate, weights) - _log_times(of_base, weights))
    center = float(np.mean([log[0] for log in logs]))
    return _estimate(center, _deviations(logs, generator), len(logs), len(logs) - 1)


def apart(
    base: Sequence[Timed], candidate: Sequence[Timed], clock: Clock, seed: int = 0
) -> Estimate:
    """Compare two files that were measured in different processes.

    Args:
        base: one entry a process.
        candidate: one entry a process.
        clock: which times to compare.
        seed: of the resampling.
    """
    generator = np.random.default_rng(seed)
    centers, spreads, draws = [], [], []
    for side in (base, candidate):
        logs = []
        for each in side:
            of_file = each.values_ms(clock)
            logs.append(_log_times(of_file, _weights(np.unique(of_file[1]), generator)))
        estimates = [log[0] for log in logs]
        centers.append(float(np.mean(estimates)))
        spreads.append(float(np.var(estimates, ddof=1)) / len(side))
        draws.append(_deviations(logs, generator))
    counts = len(base), len(candidate)
    return _estimate(
        centers[1] - centers[0], draws[1] - draws[0], min(counts), _welch(spreads, counts)
    )


def _welch(spreads: Sequence[float], counts: Sequence[int]) -> int:
    """Return Welch and Satterthwaite's degrees of freedom, rounded down."""
    below = sum(s * s / (n - 1) for s, n in zip(spreads, counts, strict=True))
    least = min(counts) - 1
    return least if below == 0 else max(least, math.floor(sum(spreads) ** 2 / below + 1e-9))


def _estimate(center: float, deviations: Values, processes: int, freedom: int) -> Estimate:
    low, high = np.percentile(deviations, [2.5, 97.5])
    stretch = student_t.quantile(0.975, freedom) / student_t.NORMAL_975
    return Estimate(
        center, center + float(low) * stretch, center + float(high) * stretch, processes, freedom
    )


def _deviations(logs: Sequence[Values], generator: np.random.Generator) -> Values:
    """Draw how far the mean over processes may be off; each log begins with the estimate."""
    count = len(logs)
    table = np.array([log[1:] for log in logs])
    picked = generator.integers(0, count, (_DRAWS, count))
    drawn = table[picked, generator.integers(0, table.shape[1], picked.shape)]
    center = np.mean([log[0] for log in logs])
    # A resample of n varies by a factor (n - 1) / n too little.
    deviations: Values = (drawn.mean(axis=1) - center) * math.sqrt(count / (count - 1))
    return deviations


def _weights(rounds: NDArray[np.intp], generator: np.random.Generator) -> NDArray[np.int64]:
    """Return how often each round counts: once each, then in each draw; by the round's number."""
    width = int(rounds.max()) + 1
    weights = np.zeros((1 + _DRAWS_WITHIN, width), np.int64)
    weights[0, rounds] = 1
    share = np.full(rounds.size, 1 / rounds.size)
    weights[1:, rounds] = generator.multinomial(rounds.size, share, _DRAWS_WITHIN)
    return weights


def _log_times(timed: tuple[Values, NDArray[np.intp]], weights: NDArray[np.int64]) -> Values:
    """Return the logarithm of the file's time, once for each row of weights."""
    order = np.argsort(timed[0])
    values, rounds = timed[0][order], timed[1][order]
    kept = rounds < weights.shape[1]
    values, rounds = values[kept], rounds[kept]
    return np.log([_quantile(values, row[rounds]) for row in weights])


def _quantile(ordered: Values, weights: NDArray[np.int64] | None = None) -> float:
    """Return the least value with 20 % of the weight at or below it."""
    if weights is None:
        weights = np.ones(ordered.size, np.int64)
    passed = np.cumsum(weights)
    return float(ordered[np.searchsorted(passed, QUANTILE * passed[-1])])


def _as_one_round(timed: tuple[Values, NDArray[np.intp]]) -> tuple[Values, NDArray[np.intp]]:
    return timed[0], np.zeros_like(timed[1])
