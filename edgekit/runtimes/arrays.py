"""Sets of named arrays in one file: how inputs and outputs travel to and from a worker.

The file is a zip of `.npy` members named by position, plus one `names.json` that holds each
set's array names; tensor names may be anything, member names may not. It is written and read
one set at a time, so that thousands of images never sit in memory at once.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

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
