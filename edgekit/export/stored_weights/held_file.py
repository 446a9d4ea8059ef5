"""Many bytes in an open file instead of in memory; the file may have lost its name, or had none."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from edgekit.errors import StorageError
from edgekit.files import reading

_CHUNK_BYTES = 4 << 20


class HeldFile:
    """A file that is read here and there; it closes with the last reference to it.

    Nothing of it stays in this process's memory: what `array` gives is mapped until it is let go.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self._descriptor)

    @property
    def size(self) -> int:
        """Its length in bytes."""
        return os.fstat(self._descriptor).st_size

    def array(self, offset: int, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
        """Map a part of it: read-only numbers, little-endian in the file.

        Raises:
            ValueError: the file ends before.
        """
        dtype = np.dtype(dtype).newbyteorder("<")
        count = int(np.prod(shape, dtype=np.int64))
        if not count:
            return np.empty(shape, dtype)
        start = offset - offset % mmap.ALLOCATIONGRANULARITY
        length = offset - start + count * dtype.itemsize
        mapped = mmap.mmap(self._descriptor, length, access=mmap.ACCESS_READ, offset=start)
        return np.frombuffer(mapped, dtype, count, offset - start).reshape(shape)

    def copy(self, offset: int, size: int, file: IO[bytes]) -> None:
        """Write a part of it to another file, a little at a time.

        Raises:
            ValueError: the file ends before.
        """
        end = offset + size
        while offset < end:
            chunk = os.pread(self._descriptor, min(_CHUNK_BYTES, end - offset), offset)
            if not chunk:
                raise ValueError("the file of weights ends early")
            file.write(chunk)
            offset += len(chunk)

    def write_to(self, file: IO[bytes]) -> None:
        """Write all of it to another file."""
        self.copy(0, self.size, file)

    def content(self) -> bytes:
        """Return all of it."""
        return os.pread(self._descriptor, self.size, 0)


def opened(path: Path) -> HeldFile:
    """Hold a file that is there; it may lose its name afterwards.

    Raises:
        OSError: as `edgekit.files.reading.opened`.
    """
    with reading.opened(path) as file:
        return HeldFile(os.dup(file.fileno()))


def made(write: Callable[[IO[bytes]], None]) -> HeldFile:
    """Return a file without a name in the temporary folder, filled by ``write``.

    Raises:
        StorageError: there is no room for it.
    """
    try:
        with tempfile.TemporaryFile() as file:
            write(file)
            file.flush()
            return HeldFile(os.dup(file.fileno()))
    except OSError as error:
        raise StorageError(
            f"cannot use the temporary folder {tempfile.gettempdir()}: {error.strerror}"
        ) from error


def whole(content: bytes | HeldFile) -> bytes:
    """Return what a file is to hold, in memory."""
    return content if isinstance(content, bytes) else content.content()
