"""The folder in which edgekit keeps what it can make again; deleting it is always safe."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from edgekit.errors import StorageError


@dataclass(frozen=True)
class Entry:
    """One thing in the cache.

    Attributes:
        name: of its file or folder.
        size_bytes: of all its files.
    """

    name: str
    size_bytes: int


def folder() -> Path:
    """Return the cache's folder: ``EDGEKIT_CACHE``, else ``edgekit`` in the user's cache folder."""
    given = os.environ.get("EDGEKIT_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgekit"


def entries() -> list[Entry]:
    """Return what the cache holds, by name; nothing where there is no cache yet."""
    place = folder()
    if not place.is_dir():
        return []
    return [Entry(path.name, _size_bytes(path)) for path in sorted(place.iterdir())]


def clear() -> None:
    """Delete all that the cache holds, and leave the folder.

    Raises:
        StorageError: something cannot be deleted.
    """
    for entry in entries():
        path = folder() / entry.name
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise StorageError(f"cannot delete {path}: {error.strerror}") from error


def _size_bytes(path: Path) -> int:
    inside = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(each.lstat().st_size for each in inside if each.is_symlink() or each.is_file())
