"""A few inputs of a model file, ready to be run anywhere: images, arrays, or seeded values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgekit.evaluate.outputs import judging, shown
from edgekit.evaluate.settings import Settings
from edgekit.runtimes import ModelInfo


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

    They are arrays, or images of a folder or, without one, synthetic ones, prepared as the
    file's sidecar or the settings say. A file that takes no image, or whose preprocessing nobody
    knows, gets seeded random values: floats standard normal, integers over their range.

    Args:
        path: the file.
        info: what its runtime says about it.
        data: arrays, or a folder of images.
        count: number of sets, at least 1.
        settings: preprocessing of a file without a sidecar.

    Raises:
        RefusedError: ``data`` is given and the file takes no image, or an image is damaged.
        UsageError: ``data`` is given and nobody knows the preprocessing.
        InvalidPathError: the folder has no images.
    """
    file = judging.opened(str(path), info, settings)
    found, _ = shown.choose(data, count, [file])
    return Inputs(found.description, tuple(feeds[0] for _, feeds in found.feeds([file])))
