"""Quantiles of Student's t distribution, for intervals from few processes."""

from __future__ import annotations

import functools
import math

NORMAL_975 = 1.959963984540054
_HALVINGS = 80


@functools.cache
def quantile(probability: float, freedom: int) -> float:
    """Return the value that t with ``freedom`` degrees of freedom stays below so often.

    Args:
        probability: above 0.5 and below 1.
        freedom: degrees of freedom, 1 or more.
    """
    low, high = 0.0, 1.0
    while _below(high, freedom) < probability:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _below(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(t: float, freedom: int) -> float:
    """Return P(T < t), t >= 0: Abramowitz and Stegun 26.7.3 (odd) and 26.7.4 (even freedom)."""
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    term, total = (cosine if freedom % 2 else 1.0), 0.0
    first = 3 if freedom % 2 else 2
    for k in range(first, freedom + 1, 2):
        total += term
        term *= cosine * cosine * (k - 1) / k
    if freedom % 2:
        within = 2 / math.pi * (angle + math.sin(angle) * total)
    else:
        within = math.sin(angle) * total
    return (1 + within) / 2
