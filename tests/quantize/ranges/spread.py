"""Values and their summaries, and what quantizing them within a range costs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgekit.quantize import ranges

Values = npt.NDArray[np.float32]

SANE = st.floats(-1e6, 1e6, width=32)
EVERY_FLOAT32 = st.floats(allow_nan=False, allow_infinity=False, width=32)
TENSORS = hnp.arrays(np.float32, st.integers(1, 60), elements=SANE)
SCHEMES = [(8, False), (16, True), (8, True), (4, False)]


def summary(images: list[Values], bins: int = 4096) -> ranges.Summary:
    extremes = ranges.Extremes("x")
    for image in images:
        extremes = extremes.plus(float(image.min()), float(image.max()), image.size)
    histogram = ranges.Histogram("x", extremes.low, extremes.high, bins)
    for image in images:
        histogram.add(image)
    return ranges.Summary(extremes, histogram)


def quantized(values: Values, low: float, high: float, bits: int, symmetric: bool) -> Values:
    scale, zero_point = ranges.to_affine(low, high, bits, symmetric)
    lowest, highest = ranges.code_limits(bits, symmetric)
    codes = np.clip(np.rint(values / scale) + zero_point, lowest, highest)
    return np.asarray((codes - zero_point) * scale, np.float32)


def mean_squared_error(
    method: str, values: Values, bits: int = 8, symmetric: bool = False
) -> float:
    low, high = ranges.get(method).range_of(summary([values]), bits, symmetric=symmetric)
    difference = quantized(values, low, high, bits, symmetric).astype(np.float64) - values
    return float(np.mean(difference**2))


def laplace(count: int = 100_000, seed: int = 0) -> Values:
    return np.random.default_rng(seed).laplace(size=count).astype(np.float32)
