"""The statistics of a report, from made-up samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.devices.statistics import samples
from tests.specimens.printed.reports import SAMPLES, report, run, steady


def test_the_headline_is_the_median_of_child_medians() -> None:
    made = report([run([1, 2, 3]), run([4, 5, 60]), run([7, 8, 9])])
    assert made.child_medians_ms == (2, 5, 8)
    assert made.median_ms == 5
    assert made.mean_ms == pytest.approx(11)
    assert (made.min_ms, made.mad_ms) == (1, 3)


def test_percentiles_are_withheld_when_too_few_samples_lie_beyond() -> None:
    assert samples.percentile(np.arange(299), 99) is None
    assert samples.percentile(np.arange(300), 99) == pytest.approx(296.01)
    assert samples.percentile(np.arange(30), 90) == pytest.approx(26.1)
    assert samples.percentile(np.arange(59), 95) is None


def test_disturbed_samples_are_set_aside_but_kept() -> None:
    disturbed = run([1, 1, 1, 9, 9, 9], [0, 0, 0, 1, 2, 1])
    made = report([disturbed, run([1, 1]), run([1, 1])])
    assert made.undisturbed_fraction == 0.7
    assert made.undisturbed_median_ms == 1
    assert made.wall_ms.size == 10
    hopeless = report([run([1, 2], [1, 1])] * 3)
    assert hopeless.undisturbed_median_ms is None


@pytest.mark.parametrize("count", [5, 6, 41])
def test_the_short_cut_of_the_bootstrap_agrees_with_plain_resampling(count: int) -> None:
    generator = np.random.default_rng(1)
    values = np.sort(generator.exponential(1, count))
    plain = np.median(generator.choice(values, (20_000, count)), axis=1)
    short = samples._resampled_medians(values, 20_000, generator)
    # Both are discrete with few distinct values, so compare shares rather than quantiles.
    for value in values:
        assert np.mean(short <= value) == pytest.approx(np.mean(plain <= value), abs=0.02)


@given(st.lists(SAMPLES, min_size=3, max_size=5), st.integers(0, 5))
def test_the_interval_is_ordered_repeatable_and_within_the_samples(
    children: list[list[float]], seed: int
) -> None:
    low, high = samples.median_of_medians_interval(children, seed)
    assert min(map(min, children)) <= low <= high <= max(map(max, children))
    assert (low, high) == samples.median_of_medians_interval(children, seed)
    doubled = samples.median_of_medians_interval([[2 * v for v in c] for c in children], seed)
    assert doubled == pytest.approx((2 * low, 2 * high))


def test_the_interval_covers_what_differs_between_children() -> None:
    within = samples.median_of_medians_interval([steady(1.0), steady(1.0), steady(1.0)])
    between = samples.median_of_medians_interval([steady(1.0), steady(1.2), steady(0.8)])
    assert within[1] - within[0] < 0.02
    assert between[1] - between[0] > 0.3


def test_the_smallest_change_is_found_in_four_of_five_repetitions() -> None:
    assert samples.smallest_change([1.0, 1.0, 1.0]) == 0
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(2000):
        base, changed = np.exp(0.01 * generator.standard_normal((2, 5)))
        # The spread is known here, so the change is what five such processes can show.
        changed = changed * np.exp(0.01 * np.sqrt(2 / 5) * (2.306 + 0.889))
        error = np.sqrt((np.log(base).var(ddof=1) + np.log(changed).var(ddof=1)) / 5)
        found += np.log(changed).mean() - np.log(base).mean() > 2.306 * error
    assert found / 2000 == pytest.approx(0.8, abs=0.03)
    spread = np.exp(0.01 * np.array([-1.2649, -0.6325, 0, 0.6325, 1.2649]))  # of deviation 1 %
    assert samples.smallest_change(spread) == pytest.approx(0.0204, abs=1e-3)


@given(SAMPLES)
def test_statistics_do_not_depend_on_order(values: list[float]) -> None:
    assert samples.mad(values) == samples.mad(values[::-1])
    assert samples.percentile(values, 50) == samples.percentile(sorted(values), 50)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 1, 1, 2, 2, 2], 1.0), ([4, 3, 2], -0.5), ([5, 1], 0.0), ([3] * 100, 0.0)],
)
def test_drift_compares_the_thirds(values: list[float], expected: float) -> None:
    assert samples.drift(values) == expected
