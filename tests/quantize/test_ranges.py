"""Ranges of activations and scales of weights, against brute force on small specimens."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgekit.errors import RefusedError, UnknownNameError
from edgekit.quantize import ranges
from edgekit.quantize.ranges import percentile
from edgekit.quantize.ranges.mse import squared_error

Values = npt.NDArray[np.float32]

SANE = st.floats(-1e6, 1e6, width=32)
EVERY_FLOAT32 = st.floats(allow_nan=False, allow_infinity=False, width=32)
TENSORS = hnp.arrays(np.float32, st.integers(1, 60), elements=SANE)
SCHEMES = [(8, False), (16, True), (8, True), (4, False)]


def summary(images: list[Values], bins: int = 4096) -> ranges.Summary:
    extremes = ranges.Extremes("x")
    for image in images:
        extremes = extremes.plus(float(image.min()), float(image.max()))
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


# Every method


@pytest.mark.parametrize("name", ranges.METHODS)
@given(values=TENSORS, scheme=st.sampled_from(SCHEMES))
@settings(max_examples=30, deadline=None)
def test_a_range_has_zero_in_it_and_is_never_empty(
    name: str, values: Values, scheme: tuple[int, bool]
) -> None:
    bits, symmetric = scheme
    low, high = ranges.get(name).range_of(summary([values]), bits, symmetric=symmetric)
    assert low <= 0 <= high
    assert low < high
    if values.any():
        # The edge of the bin at zero may be farther out than a single value there.
        slack = (max(values.max(), 0) - min(values.min(), 0)) / 4000
        assert min(values.min(), 0) - slack <= low
        assert high <= max(values.max(), 0) + slack


@pytest.mark.parametrize("name", ranges.METHODS)
@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, (0.0, 1.0)), (3.5, (0.0, 3.5)), (-2.0, (-2.0, 0.0))]
)
def test_a_constant_tensor_is_represented_exactly(
    name: str, value: float, expected: tuple[float, float]
) -> None:
    values = np.full((2, 3), value, np.float32)
    low, high = ranges.get(name).range_of(summary([values, values]), 8)
    assert (low, high) == expected
    np.testing.assert_allclose(quantized(values, low, high, 8, symmetric=False), value, rtol=1e-6)


@pytest.mark.parametrize("name", ranges.METHODS)
def test_a_spike_of_zeros_changes_nothing(name: str) -> None:
    values = np.abs(laplace())
    mostly_zeros = np.concatenate([values, np.zeros(1_000_000, np.float32)])
    method = ranges.get(name)
    assert method.range_of(summary([mostly_zeros]), 8) == method.range_of(summary([values]), 8)


@pytest.mark.parametrize("name", ranges.METHODS)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_tensor_of_one_sign_keeps_zero_as_an_end(name: str, sign: int) -> None:
    found = ranges.get(name).range_of(summary([sign * (np.abs(laplace()) + 0.5)]), 8)
    assert 0.0 in found


@pytest.mark.parametrize("name", ranges.METHODS)
def test_what_an_activation_function_clipped_is_not_clipped_again(name: str) -> None:
    values = np.clip(3 * laplace(), 0, 6)
    _, high = ranges.get(name).range_of(summary([values]), 8)
    assert high == pytest.approx(6, rel=0.01)


@pytest.mark.parametrize("name", ranges.METHODS)
def test_a_mirrored_tensor_has_the_mirrored_range(name: str) -> None:
    values = laplace() + 1
    low, high = ranges.get(name).range_of(summary([values]), 8)
    mirrored = ranges.get(name).range_of(summary([-values]), 8)
    assert mirrored == pytest.approx((-high, -low), rel=0.2)  # entropy has a flat optimum


@pytest.mark.parametrize("name", [n for n, m in ranges.METHODS.items() if m.needs_histogram])
def test_a_method_that_needs_the_second_pass_says_so(name: str) -> None:
    only_extremes = ranges.Summary(ranges.Extremes("x").plus(-1, 1))
    with pytest.raises(ValueError, match="second pass"):
        ranges.get(name).range_of(only_extremes, 8)


def test_an_unknown_method_gets_help() -> None:
    with pytest.raises(UnknownNameError, match="did you mean minmax"):
        ranges.get("min-max")


# The first pass


def test_the_average_of_few_images_is_nearly_the_plain_mean() -> None:
    highs = np.random.default_rng(0).uniform(1, 3, 10)
    extremes = ranges.Extremes("x")
    for high in highs:
        extremes = extremes.plus(-high / 2, high)
    assert extremes.average_high == pytest.approx(highs.mean(), rel=0.02)
    assert extremes.average_low == pytest.approx(-highs.mean() / 2, rel=0.02)
    assert (extremes.low, extremes.high) == (-highs.max() / 2, highs.max())


@given(st.lists(SANE, min_size=1, max_size=8), st.floats(0, 0.99))
def test_a_moving_average_weighs_recent_images_more(highs: list[float], momentum: float) -> None:
    extremes = ranges.Extremes("x", momentum=momentum)
    for high in highs:
        extremes = extremes.plus(high, high)
    weights = momentum ** np.arange(len(highs))[::-1]
    expected = np.average(highs, weights=weights)
    assert extremes.average_high == pytest.approx(expected, rel=1e-6, abs=1e-3)


def test_an_outlying_image_widens_minmax_more_than_the_moving_average() -> None:
    images = [laplace(100, seed) for seed in range(20)]
    images[7] = images[7] * 50
    seen = summary(images)
    low, high = ranges.get("moving-average").range_of(seen, 8)
    assert ranges.get("minmax").range_of(seen, 8) == (seen.extremes.low, seen.extremes.high)
    assert high < seen.extremes.high / 5
    assert low > seen.extremes.low / 5


# The second pass


@given(
    hnp.arrays(np.float32, st.integers(1, 300), elements=EVERY_FLOAT32),
    st.integers(1, 5),
    st.integers(2, 50),
)
def test_a_histogram_counts_the_same_in_any_portions(
    values: Values, portions: int, bins: int
) -> None:
    whole = summary([values], bins).values
    parts = ranges.Histogram("x", float(values.min()), float(values.max()), bins)
    for part in np.array_split(values, portions):
        parts.add(part.reshape(1, -1, 1))
    np.testing.assert_array_equal(parts.counts, whole.counts)
    assert whole.zeros == parts.zeros == np.count_nonzero(values == 0)
    assert whole.total + whole.zeros == values.size


@given(hnp.arrays(np.float32, st.integers(1, 100), elements=EVERY_FLOAT32), st.integers(2, 50))
def test_bins_have_an_edge_at_zero_and_hold_their_values(values: Values, bins: int) -> None:
    histogram = summary([values], bins).values
    edges = histogram.edges
    assert (np.diff(edges) > 0).all()
    assert 0.0 in edges
    assert edges[0] <= values.min() <= values.max() <= edges[-1]
    # A value within rounding of an edge may be counted on either side.
    slack = 1e-9 * np.diff(edges).max()
    for first in range(histogram.counts.size):
        inside = (values != 0) & (values > edges[0] - 1) & (values >= edges[first] + slack)
        surely = np.count_nonzero(inside & (values < edges[first + 1] - slack))
        assert histogram.counts[first] >= surely


def test_memory_does_not_grow_with_the_number_of_values() -> None:
    histogram = ranges.Histogram("x", -10, 10, bins=64)
    for seed in range(5):
        histogram.add(np.clip(laplace(seed=seed), -10, 10))
    assert histogram.total == 500_000
    assert histogram.counts.size <= 64


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused_by_name(bad: float) -> None:
    values = np.array([1, bad, 2], np.float32)
    attempts = [
        lambda: ranges.Extremes("conv3").plus(0.0, bad),
        lambda: ranges.Histogram("conv3", 0, 2).add(values),
        lambda: ranges.to_affine(-1, bad, 8, False, "conv3"),
        lambda: ranges.weight_scales(values, None, 8, tensor="conv3"),
    ]
    for attempt in attempts:
        with pytest.raises(RefusedError, match="conv3") as caught:
            attempt()
        assert caught.value.reason_code == "not-finite"


# Percentile


@pytest.mark.parametrize("percent", [99.99, 99.0, 75.0, 100.0])
@pytest.mark.parametrize("shift", [0.0, 1.0, 30.0])
def test_percentile_is_the_quantile_but_for_one_bin(percent: float, shift: float) -> None:
    values = laplace() + np.float32(shift)
    seen = summary([values])
    low, high = percentile.method(percent).range_of(seen, 8)
    width = float(np.diff(seen.values.edges).max())
    upper = float(np.quantile(values, percent / 100, method="higher"))
    lower = min(float(np.quantile(values, 1 - percent / 100, method="lower")), 0.0)
    assert upper <= high <= upper + width * 1.001
    assert lower - width * 1.001 <= low <= lower


def test_percentiles_outside_the_upper_half_are_refused() -> None:
    for wrong in (50, 100.1, math.nan):
        with pytest.raises(ValueError, match="percentile"):
            percentile.method(wrong)


# Mean squared error


@given(values=TENSORS, scheme=st.sampled_from(SCHEMES))
@settings(max_examples=60, deadline=None)
def test_mse_is_never_worse_than_minmax_by_the_histogram(
    values: Values, scheme: tuple[int, bool]
) -> None:
    seen = summary([values])
    found, full = (
        ranges.get(n).range_of(seen, *scheme[:1], symmetric=scheme[1]) for n in ("mse", "minmax")
    )
    assert squared_error(seen.values, *found, *scheme) <= squared_error(
        seen.values, *full, *scheme
    ) * (1 + 1e-9)


@pytest.mark.parametrize(("bits", "symmetric"), SCHEMES)
@pytest.mark.parametrize("kind", ["normal", "laplace", "uniform", "relu", "lopsided", "outliers"])
def test_mse_is_never_worse_than_minmax_on_the_values(
    kind: str, bits: int, symmetric: bool
) -> None:
    rng = np.random.default_rng(1)
    values = {
        "normal": rng.normal(size=50_000),
        "laplace": rng.laplace(size=50_000),
        "uniform": rng.uniform(-1, 3, 50_000),
        "relu": np.maximum(rng.normal(size=50_000), 0),
        "lopsided": np.where(
            rng.random(50_000) < 0.1, -rng.random(50_000), rng.gamma(2, 3, 50_000)
        ),
        "outliers": np.append(rng.normal(size=50_000), [90, -40]),
    }[kind].astype(np.float32)
    found = mean_squared_error("mse", values, bits, symmetric)
    assert found <= mean_squared_error("minmax", values, bits, symmetric) * 1.001
    if bits == 4 and kind in ("laplace", "outliers"):
        assert found < mean_squared_error("minmax", values, bits, symmetric) / 2


@pytest.mark.parametrize("bits", [3, 4, 8])
def test_mse_is_as_good_as_trying_every_pair_of_ends(bits: int) -> None:
    values = np.concatenate([laplace(4000), np.float32([12, -7])]) + np.float32(0.7)
    tried = min(
        float(np.mean((quantized(values, low, high, bits, False).astype(float) - values) ** 2))
        for low, high in itertools.product(
            np.linspace(float(values.min()), -0.2, 30), np.linspace(0.5, float(values.max()), 30)
        )
    )
    assert mean_squared_error("mse", values, bits) <= tried * 1.03


@given(
    hnp.arrays(np.int64, st.integers(2, 12), elements=st.integers(0, 50)),
    st.floats(-3, 0),
    st.floats(0.1, 4),
    st.sampled_from([(2, False), (3, True), (4, False)]),
)
def test_the_error_of_a_histogram_is_that_of_values_spread_over_its_bins(
    counts: npt.NDArray[np.int64], low: float, high: float, scheme: tuple[int, bool]
) -> None:
    histogram = ranges.Histogram("x", -2.0, 3.0, counts.size)
    histogram.counts[:] = np.resize(counts, histogram.counts.size)
    places = (np.arange(2000) + 0.5) / 2000
    expected = 0.0
    for count, left, right in zip(
        histogram.counts, histogram.edges[:-1], histogram.edges[1:], strict=True
    ):
        spread = left + (right - left) * places
        off = quantized(spread, low, high, *scheme).astype(np.float64) - spread
        expected += count * float(np.mean(off**2))
    found = squared_error(histogram, low, high, *scheme)
    assert found == pytest.approx(expected, rel=2e-3, abs=1e-6)


# Entropy


def test_entropy_clips_a_lone_outlier() -> None:
    values = np.append(laplace(), np.float32([300, -200]))
    low, high = ranges.get("entropy").range_of(summary([values]), 8)
    assert high < 40
    assert low > -40


def test_entropy_clips_the_far_side_of_a_bimodal_tensor_alone() -> None:
    rng = np.random.default_rng(0)
    modes = np.concatenate([rng.normal(-2, 0.5, 50_000), rng.normal(5, 0.5, 50_000)])
    low, high = ranges.get("entropy").range_of(
        summary([np.append(modes, 60).astype(np.float32)]), 8
    )
    assert -5 < low < -3
    assert 6 < high < 12


@pytest.mark.parametrize("count", [2_000, 20_000, 500_000])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (0.0, 5.0), (-3.0, 0.5)])
def test_entropy_keeps_a_uniform_tensor_whole(count: int, ends: tuple[float, float]) -> None:
    values = np.random.default_rng(2).uniform(*ends, count).astype(np.float32)
    low, high = ranges.get("entropy").range_of(summary([values]), 8)
    assert high - low > 0.99 * (ends[1] - ends[0])


def test_entropy_never_clips_more_than_a_thousandth_at_an_end() -> None:
    # A spike away from zero: by divergence alone, a third of the values would be clipped.
    rng = np.random.default_rng(3)
    spike = np.full(200_000, 0.3)
    values = np.concatenate([spike, rng.laplace(0, 4, 100_000)]).astype(np.float32)
    low, high = ranges.get("entropy").range_of(summary([values]), 8)
    assert np.mean(values < low) <= 1e-3
    assert np.mean(values > high) <= 1e-3


def test_entropy_of_codes_finer_than_the_bins_clips_nothing() -> None:
    values = laplace()
    low, high = ranges.get("entropy").range_of(summary([values]), 16, symmetric=True)
    assert (low, high) == (values.min(), values.max())


@pytest.mark.parametrize("bits", [4, 8])
def test_a_divergence_from_running_totals_is_that_of_the_distributions(bits: int) -> None:
    from edgekit.quantize.ranges.entropy import _Divergence

    rng = np.random.default_rng(4)
    counts = rng.poisson(30 * np.exp(-(np.linspace(-4, 4, 700) ** 2))).astype(np.int64)
    first, end, steps = 60, 640, 2**bits
    p = counts[first:end].astype(float)
    p[0] += counts[:first].sum()
    p[-1] += counts[end:].sum()
    inside = counts[first:end]
    q = np.zeros(end - first)
    corrections = 0
    for step in range(steps):
        own = slice(step * (end - first) // steps, (step + 1) * (end - first) // steps)
        occupied = (p[own] > 0) | (inside[own] > 0)
        if occupied.any():
            q[own][occupied] = max(inside[own].sum(), 0.5) / occupied.sum()
            corrections += max(int((inside[own] > 0).sum()) - 1, 0)
    total = counts.sum()
    used = p > 0
    expected = np.sum(p[used] / total * np.log(p[used] / total / (q[used] / inside.sum())))
    expected -= corrections / (2 * total)
    found = _Divergence(counts, steps).of(np.array([first]), np.array([end]))
    assert found[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


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
