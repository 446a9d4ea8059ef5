"""Arrays of samples in ``.npy`` and ``.npz`` files, read row by row.

Nothing is unpickled, a file larger than memory is no matter, and a file that shrinks while it is
read is an error, where a memory map would crash.
"""

from __future__ import annotations

import contextlib
import math
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from edgekit.errors import EdgekitError, InvalidPathError, RefusedError
from edgekit.files import reading

_NPY = ".npy"
SUFFIXES = (_NPY, ".npz")


@dataclass(frozen=True)
class Rows:
    """One array of a file, in C order; its first axis counts the samples.

    Attributes:
        path: the file.
        member: name of the array in a ``.npz``; None in a ``.npy``.
        shape: sizes, one or more.
        dtype: type of the elements.
        offset: bytes before the first element.
    """

    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int

    @property
    def label(self) -> str:
        """What to call the array in a message."""
        return str(self.path) if self.member is None else f"{self.path} ({self.member})"

    @property
    def row_bytes(self) -> int:
        """Size of one row."""
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def read(self, numbers: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield the rows of these numbers, which ascend; they are read-only.

        Raises:
            InvalidPathError: the file cannot be opened.
            RefusedError: the file is damaged, or was changed (reason "bad-samples").
        """
        with _stream(self.path, self.member) as stream:
            for number in numbers:
                stream.seek(self.offset + number * self.row_bytes)
                data = stream.read(self.row_bytes)
                if len(data) != self.row_bytes:
                    raise bad(f"{self.label} ends within sample {number}: write it again")
                yield np.frombuffer(data, self.dtype).reshape(self.shape[1:])


def of_file(path: Path) -> Mapping[str | None, Rows]:
    """Look into a file: its arrays by name, the one of a ``.npy`` under None.

    Raises:
        InvalidPathError: the file cannot be opened.
        RefusedError: the file is damaged, or holds what is no array of numbers in C order
            (reason "bad-samples").
    """
    if path.suffix.lower() == _NPY:
        with _stream(path, None) as stream:
            return {None: _rows(stream, path, None, path.stat().st_size)}
    with _failures(path), reading.opened(path) as file, zipfile.ZipFile(file) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    found: dict[str | None, Rows] = {}
    for filename, size in sizes.items():
        member = filename.removesuffix(_NPY)
        with _stream(path, member) as stream:
            found[member] = _rows(stream, path, member, size)
    return found


def bad(message: str) -> RefusedError:
    """Return the error for a file of arrays that cannot serve."""
    return RefusedError(message, reason_code="bad-samples")


def _rows(stream: IO[bytes], path: Path, member: str | None, size: int) -> Rows:
    version = npy.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"format version {version} is not for numbers")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(stream)
    rows = Rows(path, member, shape, dtype, stream.tell())
    if dtype.hasobject:
        raise bad(f"{rows.label} holds pickled objects, which are not read: save plain numbers")
    if not shape or is_fortran:
        form = "in Fortran order" if shape else "a single number"
        raise bad(f"{rows.label} is {form}: save it with np.ascontiguousarray, samples first")
    held, wanted = size - rows.offset, shape[0] * rows.row_bytes
    if min(shape) < 0 or held < wanted:
        raise bad(f"{rows.label} is truncated: it has {held} bytes of {wanted}; write it again")
    return rows


def as_integers(values: np.ndarray, dtype: np.dtype, what: str) -> np.ndarray:
    """Return integers in another integer type.

    Raises:
        RefusedError: that type does not hold them (reason "bad-samples").
    """
    limits = np.iinfo(dtype)
    low, high = int(values.min(initial=0)), int(values.max(initial=0))
    if low < limits.min or high > limits.max:
        raise bad(
            f"{what} reaches from {low} to {high}, and the input takes {dtype}, from {limits.min} "
            f"to {limits.max}"
        )
    return values.astype(dtype)


@contextlib.contextmanager
def _stream(path: Path, member: str | None) -> Iterator[IO[bytes]]:
    with _failures(path), contextlib.ExitStack() as stack:
        if member is None:
            yield stack.enter_context(reading.opened(path))
        else:
            file = stack.enter_context(reading.opened(path))
            archive = stack.enter_context(zipfile.ZipFile(file))
            yield stack.enter_context(archive.open(f"{member}{_NPY}"))


@contextlib.contextmanager
def _failures(path: Path) -> Iterator[None]:
    """Say in one line how a file failed."""
    try:
        yield
    except EdgekitError:
        raise
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # a dozen types, by how the file is damaged
        reason = str(error) or type(error).__name__
        raise bad(f"{path} is no readable file of arrays ({reason}): write it again") from error
