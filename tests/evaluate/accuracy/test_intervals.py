"""Shares and paired differences with their intervals."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgekit.evaluate import PairedDifference, Share
from edgekit.evaluate.distance import Distance


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 10, 0, 0.2775), (10, 10, 0.7225, 1), (50, 100, 0.4038, 0.5962), (1, 1, 0.2065, 1)],
)
def test_wilson_interval(count: int, of: int, low: float, high: float) -> None:
    assert Share(count, of).interval == pytest.approx((low, high), abs=1e-4)


def test_paired_interval_knows_that_few_images_prove_little() -> None:
    low, high = PairedDifference(0, 0, 100).interval
    assert (low, high) == pytest.approx((-0.0192, 0.0192), abs=1e-4)
    low, high = PairedDifference(40, 10, 200).interval
    assert PairedDifference(40, 10, 200).value == 0.15
    assert (low, high) == pytest.approx((0.0821, 0.2149), abs=2e-3)
    assert PairedDifference(10, 40, 200).interval == pytest.approx((-high, -low))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Share(2, 1),
        lambda: Share(0, 0),
        lambda: PairedDifference(1, 1, 1),
        lambda: Distance(float("nan")),
    ],
)
def test_impossible_numbers_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        make()
