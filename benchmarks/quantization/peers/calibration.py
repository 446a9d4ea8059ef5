"""Calibration images of a .npy file, read one by one, so that they cost a peer no memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt


class Images:
    """The images of a float32 array of shape (N, 3, H, W); can be walked through again.

    Args:
        path: the .npy file.
        channels_last: True for images of shape (1, H, W, 3), False for (1, 3, H, W).
    """

    def __init__(self, path: Path, *, channels_last: bool = False) -> None:
        self._path, self._channels_last = path, channels_last
        with path.open("rb") as file:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError(f"{path} is no .npy file of version 1.0")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
            self._start = file.tell()
        if dtype != np.float32 or len(shape) != 4 or fortran:
            raise ValueError(f"{path} has {dtype} {shape}, not float32 (N, 3, H, W)")
        self._shape = shape

    def __len__(self) -> int:
        return int(self._shape[0])

    def __getitem__(self, index: int) -> npt.NDArray[np.float32]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        size = int(np.prod(self._shape[1:]))
        offset = self._start + 4 * index * size
        image = np.fromfile(self._path, np.float32, size, offset=offset)
        image = image.reshape(1, *self._shape[1:])
        if self._channels_last:
            image = np.ascontiguousarray(image.transpose(0, 2, 3, 1))
        return image

    def __iter__(self) -> Iterator[npt.NDArray[np.float32]]:
        return (self[index] for index in range(len(self)))


class Feeds:
    """The images, each as a set of inputs of a network; can be walked through again.

    Args:
        name: of the network's input.
        images: the images.
        labels: if given, each set of inputs comes with its image's label.
    """

    def __init__(
        self, name: str, images: Images, labels: npt.NDArray[np.integer] | None = None
    ) -> None:
        self._name, self._images, self._labels = name, images, labels

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[object]:
        for index, image in enumerate(self._images):
            feed = {self._name: image}
            yield feed if self._labels is None else (feed, int(self._labels[index]))
