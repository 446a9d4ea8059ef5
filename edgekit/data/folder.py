"""A folder of images, labelled or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from edgekit.data import images
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import reading

LABELS = "labels.csv"
_MOST_DIGITS = 9  # of a class index


@dataclass(frozen=True)
class ImageFolder:
    """The images of a folder in a fixed order; pixels are read one image at a time.

    Attributes:
        root: the folder.
        files: paths below ``root``, with forward slashes.
        labels: class index of each file; None if the folder has no labels.
        class_names: names of the class subfolders by index; None if there are none.
        total: number of images in the folder, of which ``files`` may be a part.
    """

    root: Path
    files: tuple[str, ...]
    labels: tuple[int, ...] | None
    class_names: tuple[str, ...] | None
    total: int

    def __post_init__(self) -> None:
        if not 0 < len(self.files) <= self.total:
            raise ValueError(f"{len(self.files)} files of {self.total}")
        if self.labels is not None and len(self.labels) != len(self.files):
            raise ValueError(f"{len(self.labels)} labels for {len(self.files)} files")

    @property
    def description(self) -> str:
        """The folder in one line, for a result."""
        kind = "unlabelled" if self.labels is None else "labelled"
        noun = "image" if len(self.files) == 1 else "images"
        part = "" if len(self.files) == self.total else f", evenly spaced among {self.total}"
        return f"folder {self.root.resolve().name}, {len(self.files)} {kind} {noun}{part}"

    def pixels(self, index: int) -> images.Pixels:
        """Read one image, uint8 of shape (height, width, 3); raises what `images.decode` does."""
        return images.decode(self.root / self.files[index])

    def limited(self, count: int) -> ImageFolder:
        """Keep ``count`` images, evenly spaced, so that a sorted folder keeps all its classes.

        Raises:
            ValueError: ``count`` is less than 1.
        """
        if count < 1:
            raise ValueError(f"a folder is limited to 1 image or more, not {count}")
        if count >= len(self.files):
            return self
        kept = [number * len(self.files) // count for number in range(count)]
        return replace(
            self,
            files=tuple(self.files[i] for i in kept),
            labels=None if self.labels is None else tuple(self.labels[i] for i in kept),
        )

    def without(self, files: frozenset[str]) -> ImageFolder:
        """Leave out some images, by their paths below the folder."""
        kept = [number for number, file in enumerate(self.files) if file not in files]
        return replace(
            self,
            files=tuple(self.files[i] for i in kept),
            labels=None if self.labels is None else tuple(self.labels[i] for i in kept),
        )


def read(root: Path) -> ImageFolder:
    """List a folder: by its ``labels.csv``, else by class subfolders, else as unlabelled images.

    ``labels.csv`` has the columns ``file`` (a path below the folder) and ``label`` (the class
    index); other columns are ignored, and the order is the file's. Class subfolders, empty ones
    included, are numbered in the order of their names. Hidden files and files with another
    suffix than an image's are passed over.

    Raises:
        InvalidPathError: there is no such folder, or no image in it.
        RefusedError: ``labels.csv`` is damaged or does not fit the folder (reason "bad-labels"),
            or images lie beside class subfolders (reason "ambiguous-data").
    """
    if not root.is_dir():
        raise InvalidPathError(f"{root}: no such folder; --data takes a folder of images")
    try:
        if (root / LABELS).is_file():
            return _from_csv(root)
        return _from_tree(root)
    except OSError as error:
        raise InvalidPathError(f"cannot read {error.filename or root}: {error.strerror}") from error


def _from_tree(root: Path) -> ImageFolder:
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith("."))
    flat = [entry.name for entry in entries if _is_image(entry)]
    classes = [entry for entry in entries if entry.is_dir()]
    below = [
        (path.relative_to(root).as_posix(), label)
        for label, folder in enumerate(classes)
        for path in sorted(folder.rglob("*"))
        if _is_image(path)
    ]
    if flat and below:
        raise RefusedError(
            f"{root} has images both beside and in its subfolders: give labels in a {LABELS}, "
            "or leave class subfolders only",
            reason_code="ambiguous-data",
        )
    if below:
        files, labels = zip(*below, strict=True)
        names = tuple(folder.name for folder in classes)
        return ImageFolder(root, files, labels, names, len(files))
    if not flat:
        raise InvalidPathError(
            f"{root} has no images: put images ({', '.join(images.SUFFIXES)}), class subfolders "
            f"or a {LABELS} into it"
        )
    return ImageFolder(root, tuple(flat), None, None, len(flat))


def _is_image(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return path.suffix.lower() in images.SUFFIXES and not hidden and path.is_file()


def _from_csv(root: Path) -> ImageFolder:
    labels: dict[str, int] = {}
    for line, name, label in _rows(root / LABELS):
        where = f"{root / LABELS}, line {line}"
        if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise _bad_labels(f"{where}: {name!r} is no path of a file in the folder")
        if name in labels:
            raise _bad_labels(f"{where}: {name!r} is listed twice")
        if not (label.isascii() and label.isdecimal() and len(label) <= _MOST_DIGITS):
            raise _bad_labels(f"{where}: the label {label!r} is no class index (0, 1, ...)")
        if not (root / name).is_file():
            raise _bad_labels(f"{where}: there is no file {name!r} in the folder")
        labels[name] = int(label)
    if not labels:
        raise InvalidPathError(f"{root / LABELS} lists no images: add a line file,label for each")
    return ImageFolder(root, tuple(labels), tuple(labels.values()), None, len(labels))


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line number, file and label of each row."""
    try:
        text = reading.content(path, reading.MOST_TEXT_BYTES).decode("utf-8-sig")
        with io.StringIO(text, newline="") as file:
            rows = csv.reader(file)
            columns = [name.strip() for name in next(rows, [])]
            if "file" not in columns or "label" not in columns:
                raise _bad_labels(f"{path} has the columns {columns}, but needs file and label")
            at_file, at_label = columns.index("file"), columns.index("label")
            for row in rows:
                if not row:
                    continue
                if len(row) <= max(at_file, at_label):
                    raise _bad_labels(f"{path}, line {rows.line_num}: columns are missing")
                yield rows.line_num, row[at_file].strip(), row[at_label].strip()
    except (csv.Error, UnicodeDecodeError) as error:
        raise _bad_labels(f"{path} is no CSV file in UTF-8: {error}") from error


def _bad_labels(message: str) -> RefusedError:
    return RefusedError(message, reason_code="bad-labels")
