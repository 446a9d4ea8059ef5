"""The percentile and the least squared error, against trying every range."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgekit.quantize import ranges
from edgekit.quantize.ranges import percentile
from edgekit.quantize.ranges.mse import squared_error
from tests.quantize.ranges.spread import (
    SCHEMES,
    TENSORS,
    Values,
    laplace,
    mean_squared_error,
    quantized,
    summary,
)

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
