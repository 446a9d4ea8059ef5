"""Which shift of a channel the bias takes up, by what the samples show of it."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.quantize.rungs.bias import median, median_shift

SAMPLES, CHANNELS = 16, 256


def vectors(seed: int) -> list[np.ndarray]:
    drawn = np.random.default_rng(seed).standard_normal((SAMPLES, 1, CHANNELS))
    return list(drawn.astype(np.float32))


def test_a_shift_that_every_sample_shows_is_taken_whole() -> None:
    shift = np.linspace(-1, 1, CHANNELS, dtype=np.float32)
    wanted = vectors(0)
    found = median_shift(wanted, [values - shift for values in wanted])
    np.testing.assert_allclose(found, shift, atol=1e-5)


def test_what_the_samples_of_a_vector_do_not_agree_on_is_left() -> None:
    """A median of 16 samples of noise is off by a third of the noise, which nothing takes back."""
    wanted, given = vectors(1), vectors(2)
    plain = np.median(np.stack(wanted) - np.stack(given), axis=0)
    found = median_shift(wanted, given)
    assert np.square(found).mean() < np.square(plain).mean() / 2
    surely = [values + 3 for values in wanted]
    np.testing.assert_allclose(median_shift(surely, given).mean(), 3, atol=0.2)


def test_one_sample_is_taken_at_its_word() -> None:
    wanted, given = vectors(1)[:1], vectors(2)[:1]
    np.testing.assert_allclose(median_shift(wanted, given), (wanted[0] - given[0])[0])


@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_a_median_is_numpys(count: int) -> None:
    values = np.random.default_rng(0).standard_normal((3, 5, count)).astype(np.float32)
    np.testing.assert_array_equal(median(values), np.median(values, axis=-1))
