"""The inputs on which a file is compared with its source: seeded, so the same every time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgekit.data import synthetic
from edgekit.export.parity import Arrays
from edgekit.models import Preprocessing

PARITY_INPUTS = 4


def images(name: str, shape: tuple[int, ...], preprocessing: Preprocessing) -> tuple[Arrays, ...]:
    """Return synthetic images through a network's own preprocessing.

    Noise would drive an untrained network into ranges where float32 itself has few digits left.

    Args:
        name: the input's name.
        shape: (N, 3, H, W).
        preprocessing: what the network wants done to pixels.

    Returns:
        `PARITY_INPUTS` sets, float32, each of ``shape``.
    """
    batch, _, height, width = shape
    pixels = synthetic.images(PARITY_INPUTS * batch, height, width, seed=1)
    arrays = preprocessing.apply(pixels).reshape(PARITY_INPUTS, *shape)
    return tuple({name: array} for array in arrays)


def noise(shapes: Mapping[str, tuple[int, ...]]) -> tuple[Arrays, ...]:
    """Return `PARITY_INPUTS` sets of standard normal noise, float32, by input name."""
    generator = np.random.default_rng(1)
    return tuple(
        {
            name: np.asarray(generator.standard_normal(shape, dtype=np.float32))
            for name, shape in shapes.items()
        }
        for _ in range(PARITY_INPUTS)
    )
