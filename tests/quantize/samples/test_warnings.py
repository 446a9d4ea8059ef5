"""Samples that are warned of: synthetic, few, black, repeated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgekit.errors import RefusedError
from edgekit.quantize.samples import reading
from tests.quantize.samples.made import (
    IMAGE,
    PIXELS,
    SIDE,
    batched,
    numbers,
    saved,
)

# Warnings


def test_many_different_samples_raise_no_warning(tmp_path: Path) -> None:
    found = reading.read(saved(tmp_path / "a.npy", numbers(8, 3, SIDE, SIDE)), IMAGE, None, None)
    assert reading.warnings_about(found) == ()


def test_synthetic_and_few_samples_are_warned_of(tmp_path: Path) -> None:
    (made,) = reading.warnings_about(reading.read(None, IMAGE, PIXELS, None))
    assert "synthetic" in made
    assert "--calibration-data" in made
    path = saved(tmp_path / "a.npy", numbers(7, 3, SIDE, SIDE))
    (few,) = reading.warnings_about(reading.read(path, IMAGE, None, None))
    assert "only 7 samples" in few
    (one,) = reading.warnings_about(reading.read(path, IMAGE, None, 1))
    assert "only 1 sample:" in one


@pytest.mark.parametrize("batch", [1, 4])
def test_black_images_are_warned_of(tmp_path: Path, batch: int) -> None:
    black = saved(tmp_path / "a.npy", np.zeros((8, SIDE, SIDE, 3), np.uint8))
    (text,) = reading.warnings_about(reading.read(black, batched(batch), PIXELS, None))
    assert "one value throughout" in text


@pytest.mark.parametrize("batch", [1, 4])
def test_repeated_samples_are_warned_of(tmp_path: Path, batch: int) -> None:
    array = numbers(1, 3, SIDE, SIDE).repeat(8, axis=0)
    path = saved(tmp_path / "a.npy", array)
    (text,) = reading.warnings_about(reading.read(path, batched(batch), None, None))
    assert "all 8 calibration samples are the same" in text
    array[5, 0, 0, 0] += 1
    saved(path, array)
    assert reading.warnings_about(reading.read(path, batched(batch), None, None)) == ()


def test_looking_for_warnings_reads_two_samples_where_two_differ(tmp_path: Path) -> None:
    array = numbers(8, 3, SIDE, SIDE)
    array[2:] = np.nan
    found = reading.read(saved(tmp_path / "a.npy", array), IMAGE, None, None)
    assert reading.warnings_about(found) == ()
    with pytest.raises(RefusedError, match="sample 2"):
        list(found())
