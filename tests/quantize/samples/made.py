"""Images and arrays as files, and what a network is shown of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit.data import synthetic
from edgekit.errors import EdgekitError
from edgekit.models import Preprocessing
from edgekit.quantize.samples import reading
from edgekit.quantize.samples.reading import CalibrationSamples

SIDE = 8
IMAGE = {"x": (1, 3, SIDE, SIDE)}
PIXELS = Preprocessing((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), crop=SIDE, resize=10)


def batched(count: int) -> dict[str, tuple[int, ...]]:
    return {"x": (count, 3, SIDE, SIDE)}


def pictures(folder: Path, count: int, side: int = SIDE) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    pixels = synthetic.images(count, side, side)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{number:02}.png")
    return pixels


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def saved(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def taken(found: CalibrationSamples, name: str = "x") -> np.ndarray:
    """All samples of one pass; each pass is checked to be the same and of float32."""
    first, second = ([feed[name] for feed in found()] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(first) == found.sets
    assert {values.dtype for values in first} == {np.dtype(np.float32)}
    assert all(values.flags.c_contiguous for values in first)
    joined = np.concatenate(first)
    assert len(joined) == found.count
    return joined


def fault(
    where: Path | None,
    kind: type[EdgekitError],
    code: str,
    *says: str,
    inputs: dict[str, tuple[int, ...]] = IMAGE,
    preprocessing: Preprocessing | None = PIXELS,
    limit: int | None = None,
) -> None:
    with pytest.raises(kind) as caught:
        list(reading.read(where, inputs, preprocessing, limit)())
    assert caught.value.reason_code == code
    for part in says:
        assert part in str(caught.value)
