"""Signal to noise ratios, gathered array by array."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgekit.export.parity import without_infinities

EXACT_DB = 200.0
"""Stands for values that are equal to the last bit; no ratio is given as larger."""


@dataclass
class Noise:
    """Sums over all that was added.

    Attributes:
        signal: sum of the squared true values.
        noise: sum of the squared differences from them.
    """

    signal: float = 0.0
    noise: float = 0.0

    def add(self, wanted: np.ndarray, given: np.ndarray) -> None:
        """Add true values, and what was made of them, in the same shape.

        Where both are the same infinity, as masked scores are, there is no noise.
        """
        wanted, given = without_infinities(wanted, given)
        exact = wanted.astype(np.float64)
        self.signal += float((exact**2).sum())
        self.noise += float(((given - exact) ** 2).sum())

    @property
    def sqnr_db(self) -> float:
        """Signal to noise ratio in decibels, from -200 to 200."""
        if self.noise == 0 or self.signal == 0:
            return EXACT_DB if self.noise == 0 else -EXACT_DB
        ratio = 10 * (math.log10(self.signal) - math.log10(self.noise))
        return max(-EXACT_DB, min(ratio, EXACT_DB))
