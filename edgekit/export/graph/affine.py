"""One scale and zero point: how a tensor of real numbers is stored as integers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BIAS_LIMIT = 2**30
"""Of a layer's stored bias: half of int32, as the other half is the accumulator's."""


@dataclass(frozen=True)
class Affine:
    """Real value = ``scale * (stored - zero_point)``, one pair for the whole tensor.

    Attributes:
        scale: real value of one step, positive.
        zero_point: stored value that stands for real 0.
        bits: 8 or 16; stored values are signed.
    """

    scale: float
    zero_point: int
    bits: int = 8

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError(f"a scale is positive and finite, not {self.scale}")
        if self.bits not in (8, 16):
            raise ValueError(f"activations have 8 or 16 bits, not {self.bits}")
        if not self.lowest <= self.zero_point <= self.highest:
            raise ValueError(f"zero point {self.zero_point} is no int{self.bits}")

    @property
    def lowest(self) -> int:
        """Smallest stored value."""
        return -(1 << (self.bits - 1))

    @property
    def highest(self) -> int:
        """Largest stored value."""
        return (1 << (self.bits - 1)) - 1

    @property
    def low(self) -> float:
        """Smallest real value that can be stored."""
        return self.scale * (self.lowest - self.zero_point)

    @property
    def high(self) -> float:
        """Largest real value that can be stored."""
        return self.scale * (self.highest - self.zero_point)

    @property
    def dtype(self) -> np.dtype:
        """Numpy type of the stored values."""
        return np.dtype(f"int{self.bits}")

    def store(self, values: npt.ArrayLike) -> np.ndarray:
        """Return the stored form of real values, rounded half to even, saturated."""
        steps = np.rint(np.asarray(values, np.float64) / self.scale) + self.zero_point
        return np.asarray(np.clip(steps, self.lowest, self.highest), self.dtype)
