"""Scales and codes that ranges and weights become."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgekit.errors import UnknownNameError
from edgekit.quantize import ranges
from tests.quantize.ranges.spread import (
    EVERY_FLOAT32,
    SANE,
    Values,
    laplace,
)

# Scale and zero point


@given(EVERY_FLOAT32, EVERY_FLOAT32, st.integers(2, 16), st.booleans())
def test_zero_is_exact_and_scales_are_normal(
    one: float, other: float, bits: int, symmetric: bool
) -> None:
    low, high = sorted((one, other))
    scale, zero_point = ranges.to_affine(low, high, bits, symmetric)
    lowest, highest = ranges.code_limits(bits, symmetric)
    assert isinstance(zero_point, int)
    assert lowest <= zero_point <= highest
    assert zero_point == 0 or not symmetric
    assert float(np.float32(scale)) == scale
    assert math.isfinite(scale)
    assert scale * scale >= float(np.finfo(np.float32).tiny)  # as the scale of a bias


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.integers(2, 16), st.booleans())
def test_a_range_comes_back_within_half_a_step(
    one: float, other: float, bits: int, symmetric: bool
) -> None:
    low, high = sorted((one, other))
    scale, zero_point = ranges.to_affine(low, high, bits, symmetric)
    lowest, highest = ranges.code_limits(bits, symmetric)
    room = 0.5 * scale * (1 + 1e-5) + 1e-5 * (abs(low) + abs(high))
    assert (lowest - zero_point) * scale <= min(low, 0) + room
    assert (highest - zero_point) * scale >= max(high, 0) - room


@pytest.mark.parametrize(
    ("low", "high", "bits", "symmetric", "scale", "zero_point"),
    [
        (0, 6, 8, False, 6 / 255, -128),
        (-1, 0, 8, False, 1 / 255, 127),
        (-1, 3, 8, False, 4 / 255, -64),
        (2, 6, 8, False, 6 / 255, -128),
        (-1, 2, 8, True, 2 / 127, 0),
        (-3, 2, 16, True, 3 / 32767, 0),
        (0, 0, 8, False, 1 / 255, -128),
    ],
)
def test_known_ranges_give_known_codes(
    low: float, high: float, bits: int, symmetric: bool, scale: float, zero_point: int
) -> None:
    found = ranges.to_affine(low, high, bits, symmetric)
    assert found == (float(np.float32(scale)), zero_point)


# Weights


@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=5), elements=SANE),
    st.sampled_from([4, 7, 8]),
    st.sampled_from(["max", "mse"]),
)
def test_scales_of_weights_are_sane_and_mse_is_never_worse(
    weight: Values, bits: int, method: ranges.WeightMethod
) -> None:
    for axis in (0, 1, None):
        scales = ranges.weight_scales(weight, axis, bits, method)
        assert scales.dtype == np.float32
        assert scales.shape == ((1,) if axis is None else (weight.shape[axis],))
        assert (scales >= 2.0**-60).all()
        covering = ranges.weight_scales(weight, axis, bits, "max")
        assert weight_errors(weight, axis, bits, scales) <= weight_errors(
            weight, axis, bits, covering
        ) * (1 + 1e-5)
        assert (scales <= covering).all()


def weight_errors(weight: Values, axis: int | None, bits: int, scales: Values) -> float:
    highest = ranges.code_limits(bits, symmetric=True)[1]
    shape = [1] * weight.ndim
    if axis is not None:
        shape[axis] = -1
    steps = scales.astype(np.float64).reshape(shape)
    codes = np.clip(np.rint(weight / steps), -highest, highest)
    return float(np.sum((codes * steps - weight) ** 2))


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_mse_scales_of_weights_are_as_good_as_trying_all(bits: int) -> None:
    weight = laplace(3000).reshape(3, 1000) * np.float32([[1], [0.01], [100]])
    scales = ranges.weight_scales(weight, 0, bits, "mse")
    covering = ranges.weight_scales(weight, 0, bits, "max")
    for channel in range(3):
        own = weight[channel : channel + 1]
        tried = min(
            weight_errors(own, 0, bits, ratio * covering[channel : channel + 1])
            for ratio in np.linspace(0.05, 1, 400, dtype=np.float32)
        )
        assert weight_errors(own, 0, bits, scales[channel : channel + 1]) <= tried * 1.02


def test_a_channel_of_zeros_gets_the_largest_scale_of_the_others() -> None:
    weight = np.array([[0, 0], [1.27, -1], [0, 2.54]], np.float32)
    np.testing.assert_allclose(ranges.weight_scales(weight, 0, 8), [0.02, 0.01, 0.02], rtol=1e-6)
    np.testing.assert_allclose(ranges.weight_scales(0 * weight, 0, 8), [1 / 127] * 3, rtol=1e-6)
    with pytest.raises(UnknownNameError, match="weight range method"):
        ranges.weight_scales(weight, 0, 8, "min")  # type: ignore[arg-type]
