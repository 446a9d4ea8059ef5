"""A folder of images and of their label maps, for segmentation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.data import folder, images
from edgekit.data.folder import ImageFolder
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import reading

IMAGES, MASKS = "images", "masks"
Labels = npt.NDArray[np.integer]


@dataclass(frozen=True)
class MaskedImages:
    """Images with a label map each.

    Attributes:
        shown: the images.
        masks: the folder of ``<image>.png``.
    """

    shown: ImageFolder
    masks: Path

    @property
    def description(self) -> str:
        """The folder in one line, for a result."""
        name, count = self.masks.parent.resolve().name, len(self.shown.files)
        part = "" if count == self.shown.total else f", evenly spaced among {self.shown.total}"
        return f"folder {name}, {count} image{'' if count == 1 else 's'} with label maps{part}"

    def limited(self, count: int) -> MaskedImages:
        """Keep ``count`` images, evenly spaced."""
        return replace(self, shown=self.shown.limited(count))

    def mask(self, index: int) -> Path:
        """Return where the label map of an image stands."""
        return self.masks / f"{Path(self.shown.files[index]).stem}.png"

    def labels(self, index: int, resize: int, crop: int) -> Labels:
        """Read a label map and cut it as `images.fit` cuts its image, by the nearest pixel.

        Raises:
            RefusedError: it is no map of grey or palette numbers, or of another size than its
                image (reason "bad-labels").
        """
        path = self.mask(index)
        found = _decode(path)
        size = self.shown.pixels(index).shape[:2]
        if found.shape != size:
            raise _bad(f"{path} has {found.shape} pixels, and its image {size}")
        return _fit(found, resize, crop)


def is_masked(root: Path) -> bool:
    """Tell whether a folder has the subfolders ``images`` and ``masks``."""
    return (root / IMAGES).is_dir() and (root / MASKS).is_dir()


def read(root: Path) -> MaskedImages:
    """List the images of ``root/images``, each with its label map ``root/masks/<name>.png``.

    Raises:
        InvalidPathError: there is no image, or a label map is missing.
    """
    found = folder.read(root / IMAGES)
    masked = MaskedImages(replace(found, labels=None, class_names=None), root / MASKS)
    for index, file in enumerate(found.files):
        if not masked.mask(index).is_file():
            raise InvalidPathError(
                f"{root / IMAGES / file} has no label map: it is looked for as {masked.mask(index)}"
            )
    return masked


def _decode(path: Path) -> Labels:
    from PIL import Image

    try:
        with warnings.catch_warnings(), reading.opened(path) as file:
            warnings.simplefilter("ignore")  # of odd metadata, which the numbers do not need
            with Image.open(file, formats=("PNG",)) as image:
                images.check_size(image)
                if image.mode not in ("1", "L", "P", "I;16", "I"):
                    raise _bad(f"{path} is of colours (mode {image.mode}), not of class numbers")
                return np.asarray(image).astype(np.int32)
    except (RefusedError, MemoryError):
        raise
    except Exception as error:  # a dozen types, by how the file is damaged
        raise _bad(f"{path} is no readable PNG ({images.reason(error)})") from error


def _fit(labels: Labels, resize: int, crop: int) -> Labels:
    """Return the square of class numbers; see `images.fit`."""
    from PIL import Image

    height, width = labels.shape
    if height == width == crop:
        return labels
    short = min(height, width)
    if short != resize:
        size = (width * resize // short, height * resize // short)
        resized = Image.fromarray(labels).resize(size, Image.Resampling.NEAREST)
        labels = np.asarray(resized)
        height, width = labels.shape
    top, left = round((height - crop) / 2), round((width - crop) / 2)
    return labels[top : top + crop, left : left + crop]


def _bad(message: str) -> RefusedError:
    return RefusedError(
        f"{message}: label maps are grey or palette PNGs of class numbers, as large as the image",
        reason_code="bad-labels",
    )
