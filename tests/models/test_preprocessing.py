"""Preprocessing is the stated formula and refuses what it cannot take."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from edgekit.models import Preprocessing, preprocessing


def _pixels() -> npt.NDArray[np.uint8]:
    return np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)


def test_preprocessing_is_the_stated_formula() -> None:
    pixels = _pixels()
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = ((pixels / 255 - mean) / std).transpose(0, 3, 1, 2)
    result = preprocessing.imagenet().apply(pixels)
    assert result.dtype == np.float32
    assert result.flags.c_contiguous
    np.testing.assert_allclose(result, expected, atol=1e-6)
    minus_one_to_one = preprocessing.minus_one_to_one(4, 4).apply(pixels)
    np.testing.assert_allclose(
        minus_one_to_one, (pixels / 127.5 - 1).transpose(0, 3, 1, 2), atol=1e-6
    )


def test_preprocessing_reverses_the_channels_for_bgr() -> None:
    bgr = Preprocessing((1.0, 2.0, 3.0), (1.0, 1.0, 1.0), 4, 4, scale=1.0, channel_order="BGR")
    result = bgr.apply(_pixels())
    np.testing.assert_array_equal(result[0, :, 0, 0], [2.0 - 1.0, 1.0 - 2.0, 0.0 - 3.0])


@pytest.mark.parametrize(
    "pixels", [_pixels().astype(np.float32), _pixels()[0], _pixels().transpose(0, 3, 1, 2)]
)
def test_preprocessing_refuses_other_images(pixels: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="images must be uint8 of shape"):
        preprocessing.imagenet().apply(pixels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": (0.5,)}, "3 values each"),
        ({"std": (1.0, 0.0, 1.0)}, "must be positive"),
        ({"scale": 0.0}, "must be positive"),
        ({"crop": 300}, "crop <= resize"),
        ({"channel_order": "RBG"}, "RGB or BGR"),
        ({"interpolation": "nearest"}, "bilinear or bicubic"),
    ],
)
def test_preprocessing_checks_itself(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(preprocessing.imagenet(), **change)
