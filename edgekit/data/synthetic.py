"""Seeded images with the statistics of photographs, for when no photographs are at hand.

Photographs have an amplitude spectrum close to 1/f, strongly correlated colour channels, and
brightness and contrast that differ from one to the next (Field, 1987; Ruderman et al., 1998).
White noise has none of these, and it drives networks into ranges that real input never reaches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Rows: red, green, blue. Columns: luminance, red-green, blue-yellow. Photographs vary mostly
# in luminance.
_OPPONENT_TO_RGB = np.array([[1.0, 0.30, 0.15], [1.0, -0.30, 0.15], [1.0, 0.0, -0.35]])

_BRIGHTNESS = (75.0, 180.0)  # mean of an image, in grey levels
_CONTRAST = (25.0, 65.0)  # standard deviation of its luminance, in grey levels
_TINT = 20.0  # largest shift of one channel's mean, in grey levels
_SLOPE = (0.9, 1.3)  # exponent of the amplitude spectrum


def images(count: int, height: int, width: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Draw ``count`` natural-like RGB images.

    Image ``i`` depends on ``seed``, ``i`` and the size alone, so a longer series starts with
    the shorter one. Values are rounded to 8 bits, which hides the last-bit differences that
    Fourier transforms show between processors.

    Args:
        count: how many images, at least 1.
        height: rows, at least 1.
        width: columns, at least 1.
        seed: a non-negative integer.

    Returns:
        uint8 array of shape (count, height, width, 3), channels in the order red, green, blue.

    Raises:
        ValueError: an argument is out of range.
    """
    if count < 1 or height < 1 or width < 1 or seed < 0:
        raise ValueError(
            f"need count >= 1, height and width >= 1 and seed >= 0, "
            f"got count={count}, height={height}, width={width}, seed={seed}"
        )
    frequency = _radial_frequency(height, width)
    return np.stack([_image(frequency, width, (seed, index)) for index in range(count)])


@dataclass(frozen=True)
class SyntheticImages:
    """The square images of one series, drawn one at a time, in place of a folder of photographs.

    Attributes:
        count: how many images, at least 1.
        side: rows and columns, at least 1.
        seed: a non-negative integer.
    """

    count: int
    side: int
    seed: int = 0

    @property
    def description(self) -> str:
        """What they are in one line, for a result."""
        return f"{self.count} synthetic 1/f images, seed {self.seed} (no photographs)"

    @property
    def files(self) -> tuple[str, ...]:
        """A name for each image."""
        return tuple(f"synthetic-{self.seed}-{index}" for index in range(self.count))

    @property
    def labels(self) -> None:
        """None: they show nothing that has a name."""
        return None

    @property
    def class_names(self) -> None:
        """None, as ``labels``."""
        return None

    def pixels(self, index: int) -> npt.NDArray[np.uint8]:
        """Draw one image, uint8 of shape (side, side, 3): the one that `images` has there."""
        frequency = _radial_frequency(self.side, self.side)
        return _image(frequency, self.side, (self.seed, index))


def _radial_frequency(height: int, width: int) -> npt.NDArray[np.float64]:
    """Distance from the origin of every bin of a real 2-D transform; 1 at the origin."""
    vertical, horizontal = np.fft.fftfreq(height), np.fft.rfftfreq(width)
    frequency: npt.NDArray[np.float64] = np.hypot(vertical[:, None], horizontal[None, :])
    frequency[0, 0] = 1.0
    return frequency


def _image(
    frequency: npt.NDArray[np.float64], width: int, seed: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """One image of shape (height, width, 3)."""
    rng = np.random.default_rng(seed)
    height = frequency.shape[0]
    slope = rng.uniform(*_SLOPE)
    contrast = rng.uniform(*_CONTRAST)
    mean = rng.uniform(*_BRIGHTNESS) + rng.uniform(-_TINT, _TINT, size=3)

    spectrum = np.fft.rfft2(rng.random((3, height, width)) - 0.5) / frequency**slope
    spectrum[:, 0, 0] = 0.0
    planes = np.fft.irfft2(spectrum, s=(height, width))
    spread = planes.std(axis=(1, 2), keepdims=True)
    planes /= np.where(spread > 0, spread, 1.0)  # a single pixel has none

    rgb = mean + contrast * np.einsum("co,ohw->hwc", _OPPONENT_TO_RGB, planes)
    pixels: npt.NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8, order="C")
    return pixels
