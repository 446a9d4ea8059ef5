"""Sets of named arrays in one file or pipe: how inputs and outputs travel to and from a worker.

The file is a zip of `.npy` members named by position, plus one `names.json` that holds each
set's array names; tensor names may be anything, member names may not. It is written and read
one set at a time, so that thousands of images never sit in memory at once.

In a pipe, a set is one line of JSON with names, types and shapes, and then the bare values.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

_NAMES = "names.json"


def write_sets(path: Path, sets: Iterable[Mapping[str, np.ndarray]]) -> None:
    """Write sets of named arrays.

    Raises:
        ValueError: an array holds Python objects.
    """
    names: list[list[str]] = []
    with zipfile.ZipFile(path, "w") as archive:
        for number, arrays in enumerate(sets):
            names.append(list(arrays))
            for position, array in enumerate(arrays.values()):
                with archive.open(f"{number}/{position}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
        archive.writestr(_NAMES, json.dumps(names))


def read_sets(path: Path) -> Iterator[dict[str, np.ndarray]]:
    """Yield the sets of named arrays of a file in order."""
    with zipfile.ZipFile(path) as archive:
        names: list[list[str]] = json.loads(archive.read(_NAMES))
        for number, set_names in enumerate(names):
            arrays = {}
            for position, name in enumerate(set_names):
                with archive.open(f"{number}/{position}.npy") as member:
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
            yield arrays


def send_set(pipe: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Write one set of named arrays to a pipe.

    Raises:
        ValueError: an array holds Python objects.
        OSError: nobody reads the pipe.
    """
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ValueError("arrays of Python objects do not travel")
    header = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    pipe.write(json.dumps({"arrays": header}).encode() + b"\n")
    for array in arrays.values():
        pipe.write(array.tobytes())
    pipe.flush()


def receive_set(header: Mapping[str, Any], pipe: IO[bytes]) -> dict[str, np.ndarray]:
    """Read the values that belong to a parsed header line; they cannot be written to.

    Raises:
        EOFError: the pipe ends too early.
    """
    arrays = {}
    for name, dtype, shape in header["arrays"]:
        size = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
        values = pipe.read(size)
        if len(values) != size:
            raise EOFError(f"the pipe ends within the array {name!r}")
        arrays[name] = np.frombuffer(values, dtype).reshape(shape)
    return arrays
