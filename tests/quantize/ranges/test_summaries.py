"""What is kept of values: moving averages and histograms, in any portions and little memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgekit.errors import RefusedError
from edgekit.quantize import ranges
from edgekit.quantize.ranges.typical import FEWEST, Typical
from tests.quantize.ranges.spread import (
    EVERY_FLOAT32,
    SANE,
    Values,
    laplace,
    summary,
)

# The first pass


def test_the_average_of_few_images_is_nearly_the_plain_mean() -> None:
    highs = np.random.default_rng(0).uniform(1, 3, 10)
    extremes = ranges.Extremes("x")
    for high in highs:
        extremes = extremes.plus(-high / 2, high, FEWEST)
    low, high = extremes.typical.span
    assert high == pytest.approx(highs.mean(), rel=0.02)
    assert low == pytest.approx(-highs.mean() / 2, rel=0.02)
    assert (extremes.low, extremes.high) == (-highs.max() / 2, highs.max())


@given(st.lists(SANE, min_size=1, max_size=8), st.floats(0, 0.99))
def test_a_moving_average_weighs_recent_images_more(highs: list[float], momentum: float) -> None:
    typical = Typical(momentum)
    for high in highs:
        typical = typical.plus(high, high, FEWEST)
    weights = momentum ** np.arange(len(highs))[::-1]
    expected = np.average(highs, weights=weights)
    assert typical.span[1] == pytest.approx(expected, rel=1e-6, abs=1e-3)


@pytest.mark.parametrize(
    ("of_each", "highs", "expected"),
    [
        (10, [1, 5, 3], 5),  # too few values for an average: every one is covered
        (FEWEST // 2, [1, 2, 7, 8], 5),  # groups of two: the mean of 2 and 8
        (FEWEST // 2, [1, 2, 7, 3, 9], 5.5),  # what is left over joins the last group: 2 and 9
        (FEWEST, [1, 2, 6], 3),  # each image is a group
    ],
)
def test_images_of_few_values_are_taken_together(
    of_each: int, highs: list[float], expected: float
) -> None:
    typical = Typical(momentum=0.9999)
    for high in highs:
        typical = typical.plus(-high, high, of_each)
    assert typical.span == pytest.approx((-expected, expected), rel=1e-3)


def test_vectors_of_which_each_has_another_largest_value_are_not_clipped() -> None:
    vectors = [laplace(32, seed) for seed in range(64)]
    seen = summary(vectors)
    assert ranges.get("moving-average").range_of(seen, 8) == (seen.extremes.low, seen.extremes.high)


def test_an_outlying_image_widens_minmax_more_than_the_moving_average() -> None:
    images = [laplace(FEWEST, seed) for seed in range(20)]
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
        lambda: ranges.Extremes("conv3").plus(0.0, bad, 1),
        lambda: ranges.Histogram("conv3", 0, 2).add(values),
        lambda: ranges.to_affine(-1, bad, 8, False, "conv3"),
        lambda: ranges.weight_scales(values, None, 8, tensor="conv3"),
    ]
    for attempt in attempts:
        with pytest.raises(RefusedError, match="conv3") as caught:
            attempt()
        assert caught.value.reason_code == "not-finite"
