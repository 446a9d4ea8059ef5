"""What holds of the range of every method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgekit.errors import UnknownNameError
from edgekit.quantize import ranges
from tests.quantize.ranges.spread import (
    SCHEMES,
    TENSORS,
    Values,
    laplace,
    quantized,
    summary,
)

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
    only_extremes = ranges.Summary(ranges.Extremes("x").plus(-1, 1, 10))
    with pytest.raises(ValueError, match="second pass"):
        ranges.get(name).range_of(only_extremes, 8)


def test_an_unknown_method_gets_help() -> None:
    with pytest.raises(UnknownNameError, match="did you mean minmax"):
        ranges.get("min-max")
