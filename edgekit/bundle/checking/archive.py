"""A bundle as a folder, whether it comes as one or as a zip file."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.bundle.manifest import check_path
from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import scratch

_MOST_BYTES = 8 << 30
_MOST_ENTRIES = 100_000
_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """Give the folder of a bundle; that of a zip file is unpacked for as long as it is used.

    Raises:
        InvalidPathError: there is no such file or folder.
        RefusedError: it is no zip file, an entry leads out of it (reason "escaping-path"), or it
            unpacks to more than 8 GB.
    """
    if not path.is_file():
        yield path
        return
    with scratch.folder() as place:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(path, archive, place)
        except (*_DAMAGED, ValueError) as error:
            raise RefusedError(
                f"{path} is no bundle: it cannot be unpacked: {error}", reason_code="bad-archive"
            ) from error
        except OSError as error:
            raise InvalidPathError(f"cannot read {path}: {error}") from error
        folders = [each for each in place.iterdir() if not each.name.startswith(".owner")]
        if len(folders) != 1 or not folders[0].is_dir():
            raise RefusedError(
                f"{path} is no bundle: it holds not one folder", reason_code="bad-archive"
            )
        yield folders[0]


def _unpack(path: Path, archive: zipfile.ZipFile, into: Path) -> None:
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES or sum(each.file_size for each in entries) > _MOST_BYTES:
        raise RefusedError(f"{path} unpacks to too much", reason_code="bad-archive")
    names = [each.filename.rstrip("/") for each in entries]
    if len(set(names)) < len(names):
        raise RefusedError(f"{path} holds a path twice", reason_code="bad-archive")
    for entry, name in zip(entries, names, strict=True):
        try:
            check_path(name)
        except ValueError as error:
            raise RefusedError(f"{path}: {error}", reason_code="escaping-path") from error
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RefusedError(f"{path}: {name} is a link", reason_code="escaping-path")
        archive.extract(entry, into)
