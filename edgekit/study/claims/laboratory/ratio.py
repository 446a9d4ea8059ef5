"""Ratios of costs with their intervals, and what follows from many of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from edgekit.devices.statistics import student_t
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import LOCAL, Measured

_DRAWS = 2000


@dataclass(frozen=True)
class Ratio:
    """What one file costs, over what another costs, on one target.

    Attributes:
        base: what to compare with.
        candidate: what is compared.
        value: the ratio of times, or of executed instructions.
        interval: its 95 % interval.
        samples: samples of both behind it.
        target: where; times on ``local``, instructions on ``qemu:...``.
        conditions: how it was measured.
    """

    base: Specimen
    candidate: Specimen
    value: float
    interval: tuple[float, float]
    samples: int = 0
    target: str = LOCAL
    conditions: Mapping[str, str] = field(default_factory=dict)

    def measured(
        self,
        quantity: str = "time ratio",
        of_ratio: Callable[[float], float] = lambda ratio: ratio,
        subject: str = "",
    ) -> Measured:
        """Return what follows from the ratio.

        Args:
            quantity: what to call it.
            of_ratio: a monotone function of the ratio, rising or falling.
            subject: of what; "" names both files.
        """
        ends = sorted(of_ratio(each) for each in self.interval)
        return Measured(
            quantity,
            f"{subject} on {self.candidate.runtime}" if subject else self.subject,
            of_ratio(self.value),
            (ends[0], ends[1]),
            self.samples,
            self.target,
            self.conditions,
        )

    @property
    def subject(self) -> str:
        """Name the candidate and the base."""
        base, candidate = self.base, self.candidate
        if base.runtime == candidate.runtime:
            return f"{candidate.label} / {base.label} on {candidate.runtime}"
        return f"{candidate.label} on {candidate.runtime} / {base.label} on {base.runtime}"


def inverse(ratio: float) -> float:
    """Turn a ratio of times into a speed-up."""
    return 1 / ratio


def exponent(factor: float) -> Callable[[float], float]:
    """Return the function that finds p in ``ratio = factor ** p``."""
    return lambda ratio: math.log(ratio) / math.log(factor)


def over(factor: float) -> Callable[[float], float]:
    """Return the function that divides a ratio by a factor."""
    return lambda ratio: ratio / factor


def quotient(above: Ratio, below: Ratio, quantity: str, subject: str) -> Measured:
    """Return one ratio over another of the same target.

    The interval holds if both do and they err independently: logarithms' half widths are added as
    squares.
    """
    center = math.log(above.value / below.value)
    low = math.hypot(*(math.log(e.value / e.interval[i]) for i, e in ((0, above), (1, below))))
    high = math.hypot(*(math.log(e.interval[i] / e.value) for i, e in ((1, above), (0, below))))
    return Measured(
        quantity,
        f"{subject} on {above.candidate.runtime}",
        math.exp(center),
        (math.exp(center - low), math.exp(center + high)),
        above.samples + below.samples,
        above.target,
        above.conditions,
    )


def of_processes(values: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Return the geometric mean over processes and its 95 % interval by Student's t.

    Args:
        values: positive, one a process; at least two.
    """
    logs = np.log(np.asarray(values, float))
    freedom = logs.size - 1
    half = student_t.quantile(0.975, freedom) * float(np.std(logs, ddof=1)) / math.sqrt(logs.size)
    center = float(np.mean(logs))
    return math.exp(center), (math.exp(center - half), math.exp(center + half))


def of_seeds(values: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """Return the mean over repetitions and its 95 % interval by Student's t.

    Args:
        values: one a repetition, of any sign; at least two.
    """
    each = np.asarray(values, float)
    error = float(np.std(each, ddof=1)) / math.sqrt(each.size)
    half = student_t.quantile(0.975, each.size - 1) * error
    center = float(np.mean(each))
    return center, (center - half, center + half)


def rank_correlation(
    costs: Sequence[float], times: Sequence[float], seed: int = 0
) -> tuple[float, tuple[float, float]]:
    """Return Spearman's correlation and its 95 % bootstrap interval over the networks.

    Args:
        costs: what is counted of each network.
        times: what each took, in any unit.
        seed: of the resampling.

    Raises:
        ValueError: all cost the same, or all took the same.
    """
    pairs = np.array([costs, times], float)
    if any(np.unique(row).size < 2 for row in pairs):
        raise ValueError("networks that are all alike have no order")
    value = spearman(costs, times)
    generator = np.random.default_rng(seed)
    drawn: list[float] = []
    while len(drawn) < _DRAWS:
        chosen = pairs[:, generator.integers(0, pairs.shape[1], pairs.shape[1])]
        if all(np.unique(row).size > 1 for row in chosen):  # else there is no order
            drawn.append(spearman(*chosen))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return value, (min(float(low), value), max(float(high), value))


def spearman(costs: ArrayLike, times: ArrayLike) -> float:
    """Return Spearman's correlation of two rows of equal length."""
    ranks = [_ranks(np.asarray(row, float)) for row in (costs, times)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    """Return ranks; equal values share theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared = ends - (counts - 1) / 2
    return np.asarray(shared[places])
