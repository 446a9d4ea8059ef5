"""What is known of a tensor's values over the calibration images."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from edgekit.errors import RefusedError
from edgekit.quantize.ranges.histogram import Histogram


@dataclass(frozen=True)
class Extremes:
    """Smallest and largest values of one tensor, image by image; the first pass.

    Attributes:
        tensor: its name, for messages.
        images: number of images seen.
        low: smallest value of all images.
        high: largest value of all images.
        average_low: exponential moving average of the images' smallest values.
        average_high: the same of their largest values.
        momentum: the share of an average that one more image leaves, between 0 and 1.
    """

    tensor: str
    images: int = 0
    low: float = math.inf
    high: float = -math.inf
    average_low: float = 0.0
    average_high: float = 0.0
    momentum: float = 0.99

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1:
            raise ValueError(f"a momentum is at least 0 and less than 1, got {self.momentum}")

    def plus(self, low: float, high: float) -> Extremes:
        """Return the extremes with one more image, whose values reach from ``low`` to ``high``.

        Raises:
            RefusedError: one of them is NaN or infinite (reason "not-finite").
        """
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RefusedError(
                f"{self.tensor} cannot be calibrated: image {self.images + 1} gives values from "
                f"{low:g} to {high:g}; look for an overflow or a division by zero before it",
                reason_code="not-finite",
            )
        # The weights of all images add up to 1 from the first image on, so that no start value
        # remains in the average: with few images it is nearly the plain mean.
        weight = (1 - self.momentum) / (1 - self.momentum ** (self.images + 1))
        return replace(
            self,
            images=self.images + 1,
            low=min(self.low, float(low)),
            high=max(self.high, float(high)),
            average_low=self.average_low + weight * (float(low) - self.average_low),
            average_high=self.average_high + weight * (float(high) - self.average_high),
        )


@dataclass(frozen=True, eq=False)
class Summary:
    """All that a method may look at.

    Attributes:
        extremes: of at least one image.
        histogram: of the same images' values; None if no second pass was made.
        mean_square: of all their values; infinite where nobody has summed it up.
    """

    extremes: Extremes
    histogram: Histogram | None = None
    mean_square: float = math.inf

    def __post_init__(self) -> None:
        if self.extremes.images < 1:
            raise ValueError(f"no image has been seen for {self.extremes.tensor}")

    @property
    def values(self) -> Histogram:
        """The histogram, for the methods that need one."""
        if self.histogram is None:
            raise ValueError(f"{self.extremes.tensor} has no histogram: a second pass is needed")
        return self.histogram
