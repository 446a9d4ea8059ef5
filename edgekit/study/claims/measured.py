"""A number that an experiment found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Says = Literal["holds", "does not hold", "cannot tell", "not asked"]

LOCAL = "local"
"""Target of times on this machine; what other targets say decides nothing."""


@dataclass(frozen=True)
class Measured:
    """One number of an experiment.

    Attributes:
        quantity: what: ``speed-up``, ``time ratio``.
        subject: of what: the files or layers, and on which runtime.
        value: the number.
        interval: its 95 % interval; both ends are the number where it is exact.
        samples: samples behind it; 0 for what is counted and not sampled.
        target: ``local`` for times of this machine and for exact counts, ``qemu:...`` for the
            same quantity of executed instructions instead of time.
        conditions: how it was measured.
        says: what this number alone says of the claim; ``not asked`` where no bar is for it.
    """

    quantity: str
    subject: str
    value: float
    interval: tuple[float, float]
    samples: int = 0
    target: str = LOCAL
    conditions: Mapping[str, str] = field(default_factory=dict)
    says: Says = "not asked"

    def __post_init__(self) -> None:
        low, high = self.interval
        if not (math.isfinite(self.value) and low <= self.value <= high and self.samples >= 0):
            raise ValueError(f"{self.quantity} of {self.subject}: {self.value} of {self.interval}")

    @property
    def words(self) -> str:
        """Say it with its interval, if it has one."""
        low, high = self.interval
        if low == high:
            return f"{self.value:.4g}"
        return f"{self.value:.3g} [{low:.3g}, {high:.3g}]"


def exact(quantity: str, subject: str, value: float) -> Measured:
    """Return a number that needs no clock."""
    return Measured(quantity, subject, value, (value, value))
