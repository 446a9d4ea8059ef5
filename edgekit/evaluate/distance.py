"""How far one model's scores are from another's, over any number of images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgekit.evaluate.tensors import Scores


@dataclass(frozen=True)
class Distance:
    """Sums over all images and classes; the reference is the model compared with.

    Attributes:
        signal: sum of the squared scores of the reference.
        noise: sum of the squared differences from it.
        max_rel_error: largest difference of a score, as a part of the range (largest less
            smallest score) of the reference for the same image.
    """

    signal: float = 0.0
    noise: float = 0.0
    max_rel_error: float = 0.0

    def __post_init__(self) -> None:
        numbers = (self.signal, self.noise, self.max_rel_error)
        if not all(math.isfinite(number) and number >= 0 for number in numbers):
            raise ValueError(f"a distance is finite and not negative, got {numbers}")

    @property
    def sqnr_db(self) -> float | None:
        """Signal to quantization noise ratio in decibels.

        None if the scores are equal to the last bit, or the reference's are all 0.
        """
        if self.noise == 0 or self.signal == 0:
            return None
        return 10 * math.log10(self.signal / self.noise)

    def plus(self, reference: Scores, scores: Scores) -> Distance:
        """Return the distance with one more image, scores of shape (classes,)."""
        differences = scores - reference
        span = float(np.ptp(reference)) or float(np.abs(reference).max()) or 1.0
        return Distance(
            self.signal + float(reference @ reference),
            self.noise + float(differences @ differences),
            max(self.max_rel_error, float(np.abs(differences).max()) / span),
        )
