"""Samples of a network in ``.npz`` and ``.npy`` files: one file of many, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgekit.data import arrays, images
from edgekit.data.arrays import Rows, bad
from edgekit.errors import InvalidPathError, RefusedError

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of one sample by input name."""


@dataclass(frozen=True)
class ArraySamples:
    """Samples with an array for each input, read one at a time.

    Attributes:
        where: the file or folder.
        parts: of each file in order, which rows feed which input; all inputs have as many.
    """

    where: Path
    parts: tuple[Mapping[str, Rows], ...]

    @property
    def count(self) -> int:
        """How many samples there are."""
        return sum(_count(part) for part in self.parts)

    def chosen(self, most: int | None) -> list[int]:
        """Return the numbers of at most so many samples, evenly spaced; None takes all."""
        total = self.count
        count = total if most is None else min(total, most)
        return [place * total // count for place in range(count)] if count else []

    def described(self, count: int) -> str:
        """Say in one line what ``count`` of the samples are."""
        noun = "sample" if count == 1 else "samples"
        part = "" if count == self.count else f", evenly spaced among {self.count}"
        return f"{self.where.resolve().name}, {count} {noun}{part}"

    def read(self, numbers: Sequence[int]) -> Iterator[dict[str, np.ndarray]]:
        """Yield the samples of these numbers, which ascend, by input; arrays are read-only.

        Raises:
            InvalidPathError: a file cannot be opened.
            RefusedError: a file is damaged, or was changed (reason "bad-samples").
        """
        before = 0
        for part in self.parts:
            count = _count(part)
            here = [number - before for number in numbers if before <= number < before + count]
            before += count
            if not here:
                continue
            columns = [rows.read(here) for rows in part.values()]
            for row in zip(*columns, strict=True):
                yield dict(zip(part, row, strict=True))


def holds_arrays(where: Path) -> bool:
    """Tell whether a path is a file of arrays, or a folder with such files and no images.

    Raises:
        RefusedError: a folder has both, images and arrays (reason "ambiguous-data").
    """
    if not where.is_dir():
        return where.suffix.lower() in arrays.SUFFIXES
    names = [path.name for path in where.iterdir() if not path.name.startswith(".")]
    found = [name for name in names if name.lower().endswith(arrays.SUFFIXES)]
    if found and any(name.lower().endswith(images.SUFFIXES) for name in names):
        raise RefusedError(
            f"{where} has images beside arrays ({found[0]}): give a folder of either",
            reason_code="ambiguous-data",
        )
    return bool(found)


def read(where: Path, shapes: Shapes) -> ArraySamples:
    """List samples of arrays.

    A ``.npz`` has an array for each input, by name, whose first axis counts the samples; a
    network with one input also takes a ``.npz`` with one array of any name, and a ``.npy``. Of a
    folder, each file has one sample or more, in the order of the names; or its ``.npy`` files
    have the inputs' names, and each is the whole of one input.

    Args:
        where: the file or folder.
        shapes: of one sample, by input; of a folder, they tell a file of one from one of many.

    Raises:
        InvalidPathError: a file cannot be opened.
        RefusedError: a file is damaged, or has other arrays than there are inputs or unequal
            ones (reason "bad-samples").
    """
    if not where.is_dir():
        return ArraySamples(where, (_by_input(where, arrays.of_file(where), list(shapes)),))
    files = sorted(
        path
        for path in where.iterdir()
        if path.suffix.lower() in arrays.SUFFIXES and not path.name.startswith(".")
    )
    if not files:
        raise InvalidPathError(f"{where} has no .npz or .npy: put samples into it")
    if {path.name for path in files} == {f"{name}.npy" for name in shapes}:
        columns: dict[str | None, Rows] = {
            path.stem: rows for path in files for rows in arrays.of_file(path).values()
        }
        return ArraySamples(where, (_by_input(where, columns, list(shapes)),))
    parts = []
    for path in files:
        found = {name: _lone(name, rows, shapes) for name, rows in arrays.of_file(path).items()}
        parts.append(_by_input(path, found, list(shapes)))
    return ArraySamples(where, tuple(parts))


def _lone(name: str | None, rows: Rows, shapes: Shapes) -> Rows:
    """Return the one sample of a file as a row, or many as they are."""
    only = next(iter(shapes.values())) if len(shapes) == 1 else None
    shape = shapes.get(name or "", only)
    if shape is None or not _is_one(rows, shape):
        return rows
    return replace(rows, shape=(1, *rows.shape))


def _is_one(rows: Rows, shape: tuple[int, ...]) -> bool:
    if len(rows.shape) != len(shape):
        return False
    # (N, 6) samples of an input (1, 6) are no sample of that shape, unless N is 1.
    return rows.shape == shape or shape[:1] != (1,)


def _by_input(
    path: Path, found: Mapping[str | None, Rows], inputs: Sequence[str]
) -> dict[str, Rows]:
    """Return which array feeds which input: by name, or the only one the only input."""
    if len(inputs) == len(found) == 1:
        return dict(zip(inputs, found.values(), strict=True))
    wanted = ", ".join(inputs)
    by_name = {str(name): rows for name, rows in found.items() if name is not None}
    if len(by_name) < len(found):
        raise bad(
            f"{path} is one array, but the network has the inputs {wanted}: give a .npz with an "
            "array for each"
        )
    if by_name.keys() != set(inputs):
        names = ", ".join(by_name) or "none"
        raise bad(
            f"{path} has the arrays {names}; the network has the inputs {wanted}: save it with "
            f"np.savez(file, {', '.join(f'{name}=...' for name in inputs)})"
        )
    counts = {name: by_name[name].shape[0] for name in inputs}
    if len(set(counts.values())) > 1:
        each = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise bad(f"{path} has unequal numbers of samples ({each}): give as many for each input")
    return {name: by_name[name] for name in inputs}


def _count(part: Mapping[str, Rows]) -> int:
    return next(iter(part.values())).shape[0]
