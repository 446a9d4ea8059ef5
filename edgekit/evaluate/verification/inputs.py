"""A few inputs of a model file, ready to be run anywhere: images, or seeded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.data import SyntheticImages, folder, images
from edgekit.errors import RefusedError
from edgekit.evaluate import tensors
from edgekit.evaluate.settings import Settings
from edgekit.export import artifact
from edgekit.models import Preprocessing
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.worker import seeded_inputs


@dataclass(frozen=True, eq=False)
class Inputs:
    """Sets of inputs of one file.

    Attributes:
        description: what they are, in one line.
        feeds: for each set, input name to array in the file's dtype and layout.
    """

    description: str
    feeds: tuple[Mapping[str, np.ndarray], ...]


def of_file(
    path: Path, info: ModelInfo, data: Path | None, count: int, settings: Settings
) -> Inputs:
    """Make inputs for a file.

    They are images of a folder or, without one, synthetic ones, prepared as the file's sidecar
    or the settings say. A file that takes no image, or whose preprocessing nobody knows, gets
    seeded random values: floats standard normal, integers over their range.

    Args:
        path: the file.
        info: what its runtime says about it.
        data: folder of images.
        count: number of sets, at least 1.
        settings: preprocessing of a file without a sidecar.

    Raises:
        RefusedError: ``data`` is given and the file takes no image, or an image is damaged.
        UsageError: ``data`` is given and nobody knows the preprocessing.
        InvalidPathError: the folder has no images.
    """
    known = artifact.load(path)
    recorded = None if known is None else known.preprocessing
    if data is None and recorded is None and settings.preprocessing is None:
        return _seeded(info, count)
    try:
        source = tensors.image_input(info, str(path))
    except RefusedError:
        if data is not None:
            raise
        return _seeded(info, count)
    wanted = settings.resized(recorded or settings.preset(str(path), source.side), str(path))
    source.check(wanted, str(path))
    shown = folder.read(data).limited(count) if data else SyntheticImages(count, wanted.resize)
    return Inputs(
        shown.description,
        tuple(
            {source.tensor.name: source.encode(_fit(shown.pixels(i), wanted, name), wanted)}
            for i, name in enumerate(shown.files)
        ),
    )


def _fit(pixels: images.Pixels, wanted: Preprocessing, name: str) -> images.Pixels:
    return images.fit(pixels, wanted.resize, wanted.crop, wanted.interpolation, name)


def _seeded(info: ModelInfo, count: int) -> Inputs:
    return Inputs(
        f"{count} sets of random values, seeds 0 to {count - 1} (no images)",
        tuple(seeded_inputs(info, seed) for seed in range(count)),
    )
