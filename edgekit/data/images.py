"""From an image file to the square of pixels that a network sees."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import reading

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]
Interpolation = Literal["bilinear", "bicubic"]

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""What counts as an image when a folder is searched, in any case."""

# By content, whatever the name says. Not all that Pillow knows: its EPS reader starts a program.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")

_MOST_PIXELS = 90_000_000  # of one image, before and after the resize: 270 MB
_BAND_PIXELS = 1 << 20


def decode(path: Path) -> Pixels:
    """Read an image file at its full size.

    Grey, palette and CMYK images become RGB; transparency is dropped. The orientation that a
    camera notes in the EXIF block is not applied, as in the usual evaluations on ImageNet.

    Returns:
        uint8, shape (height, width, 3), channels red, green, blue.

    Raises:
        InvalidPathError: there is no such file, or it may not be read.
        RefusedError: the file is damaged, is no image or is too large
            (reason "unreadable-image").
    """
    from PIL import Image

    try:
        with warnings.catch_warnings(), reading.opened(path) as file:
            warnings.simplefilter("ignore")  # of odd metadata, which the pixels do not need
            with Image.open(file, formats=_FORMATS) as image:
                _check(image, path)
                return _rgb(image)
    except (MemoryError, RefusedError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
        raise _unreadable(path, reason(error)) from error
    except Exception as error:  # a dozen types, by how the file is damaged
        raise _unreadable(path, reason(error)) from error


def fit(
    pixels: Pixels, resize: int, crop: int, interpolation: Interpolation, name: str = "an image"
) -> Pixels:
    """Resize so that the shorter side is ``resize``, then cut out the centre square.

    The sizes and offsets are those of torchvision's ``Resize`` and ``CenterCrop``, the filters
    Pillow's. An image of ``crop`` by ``crop`` pixels is taken as cropped already and returned as
    it is: enlarging it only to cut off its border would show the network less than was meant.

    Args:
        pixels: uint8, shape (height, width, 3).
        resize: length of the shorter side before the crop, in pixels.
        crop: side of the square, at most ``resize``.
        interpolation: how the resize reads between pixels.
        name: what to call the image in a message.

    Returns:
        uint8, shape (crop, crop, 3), C-contiguous.

    Raises:
        RefusedError: the image is so narrow that resized it would not fit into memory.
    """
    from PIL import Image

    height, width, _ = pixels.shape
    if height == width == crop:
        return pixels
    short = min(height, width)
    if short != resize:
        size = (width * resize // short, height * resize // short)
        if size[0] * size[1] > _MOST_PIXELS:
            raise RefusedError(
                f"{name} has {width}x{height} pixels, too narrow to be resized to {resize}: "
                "take it out of the data",
                reason_code="unreadable-image",
            )
        method = Image.Resampling.BICUBIC
        if interpolation == "bilinear":
            method = Image.Resampling.BILINEAR
        pixels = np.asarray(Image.fromarray(pixels).resize(size, method))
        height, width, _ = pixels.shape
    top, left = round((height - crop) / 2), round((width - crop) / 2)
    return np.ascontiguousarray(pixels[top : top + crop, left : left + crop])


def check_size(image: Image.Image) -> None:
    """Raise ValueError where an image that is not decoded yet would not fit into memory."""
    width, height = image.size
    if width * height > _MOST_PIXELS:
        raise ValueError(f"{width}x{height} pixels are too many")


def _rgb(image: Image.Image) -> Pixels:
    """Decode an image, a band at a time beyond Pillow's own copy of it."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(band.convert("RGB"))
    return pixels


def _check(image: Image.Image, path: Path) -> None:
    check_size(image)
    if image.mode.startswith(("I", "F")):
        raise _unreadable(path, f"its pixels (mode {image.mode}) have more than 8 bits")


def reason(error: Exception) -> str:
    """Return in one line what Pillow found wrong."""
    text = str(error).partition("\n")[0]
    return "it is no image" if "cannot identify" in text else text or type(error).__name__


def _unreadable(path: Path, reason: str) -> RefusedError:
    return RefusedError(
        f"cannot read the image {path}: {reason}; replace it or take it out of the data",
        reason_code="unreadable-image",
    )
