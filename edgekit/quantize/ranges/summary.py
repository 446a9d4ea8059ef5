"""What is known of a tensor's values over the calibration images."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from edgekit.errors import RefusedError
from edgekit.quantize.ranges.histogram import Histogram
from edgekit.quantize.ranges.typical import Typical


@dataclass(frozen=True)
class Extremes:
    """Smallest and largest values of one tensor, image by image; the first pass.

    Attributes:
        tensor: its name, for messages.
        images: number of images seen.
        low: smallest value of all images.
        high: largest value of all images.
        typical: averages of the images' extremes.
    """

    tensor: str
    images: int = 0
    low: float = math.inf
    high: float = -math.inf
    typical: Typical = field(default_factory=Typical)

    def plus(self, low: float, high: float, values: int) -> Extremes:
        """Return the extremes with one more image.

        Args:
            low: the image's smallest value.
            high: its largest.
            values: how many it has.

        Raises:
            RefusedError: one of them is NaN or infinite (reason "not-finite").
        """
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RefusedError(
                f"{self.tensor} cannot be calibrated: image {self.images + 1} gives values from "
                f"{low:g} to {high:g}; look for an overflow or a division by zero before it",
                reason_code="not-finite",
            )
        return replace(
            self,
            images=self.images + 1,
            low=min(self.low, float(low)),
            high=max(self.high, float(high)),
            typical=self.typical.plus(float(low), float(high), values),
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
