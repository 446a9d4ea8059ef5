"""The least divergence: what it clips, and what it keeps whole."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.quantize import ranges
from tests.quantize.ranges.spread import (
    laplace,
    summary,
)

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
