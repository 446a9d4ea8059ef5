"""The data leaf: synthetic images are seeded, photograph-like and independent of their number."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from edgekit.data import synthetic


def test_images_have_the_stated_type_and_shape() -> None:
    images = synthetic.images(3, 24, 40, seed=5)
    assert images.dtype == np.uint8
    assert images.shape == (3, 24, 40, 3)
    assert images.flags.c_contiguous


def test_one_seed_gives_one_series() -> None:
    assert np.array_equal(synthetic.images(2, 32, 32, 7), synthetic.images(2, 32, 32, 7))
    assert not np.array_equal(synthetic.images(2, 32, 32, 7), synthetic.images(2, 32, 32, 8))


def test_a_longer_series_starts_with_the_shorter_one() -> None:
    assert np.array_equal(synthetic.images(5, 16, 16)[:2], synthetic.images(2, 16, 16))


def test_images_of_a_series_differ() -> None:
    images = synthetic.images(8, 64, 64).astype(float)
    assert images.mean(axis=(1, 2, 3)).std() > 10
    assert images.std(axis=(1, 2)).min() > 5


@pytest.mark.parametrize("seed", range(4))
def test_amplitude_falls_about_as_one_over_frequency(seed: int) -> None:
    luminance = synthetic.images(1, 128, 128, seed)[0].mean(axis=-1)
    amplitude = np.abs(np.fft.fft2(luminance - luminance.mean()))
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    band = (frequency > 0.02) & (frequency < 0.4)
    slope, _ = np.polyfit(np.log(frequency[band]), np.log(amplitude[band]), 1)
    assert -1.5 < slope < -0.7


def test_colour_channels_are_correlated_and_not_equal() -> None:
    for image in synthetic.images(4, 64, 64):
        red, green, blue = np.corrcoef(image.reshape(-1, 3).T.astype(float))
        for value in (red[1], red[2], green[2], blue[0]):
            assert 0.5 < value < 0.999


def test_few_pixels_are_clipped() -> None:
    images = synthetic.images(16, 64, 64)
    assert np.mean((images == 0) | (images == 255)) < 0.05


@pytest.mark.parametrize("arguments", [(0, 8, 8, 0), (1, 1, 8, 0), (1, 8, 1, 0), (1, 8, 8, -1)])
def test_arguments_out_of_range_are_refused(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="need count >= 1"):
        synthetic.images(*arguments)


def test_leaf_imports_no_room() -> None:
    script = "import sys, edgekit.data; sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    rooms = {name.split(".")[1] for name in done.stderr.split() if name.startswith("edgekit.")}
    assert rooms <= {"data", "errors"}
    assert "torch" not in done.stderr.split()
