"""The folder in which edgekit keeps what it can make again; deleting it is always safe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from edgekit.errors import EnvironmentMissingError, StorageError
from edgekit.files import scratch


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
    """Return the cache's folder: ``EDGEKIT_CACHE``, else ``edgekit`` in the user's cache folder.

    Raises:
        EnvironmentMissingError: the user has no home folder.
    """
    given = os.environ.get("EDGEKIT_CACHE")
    if given:
        return Path(given)
    place = _own(platformdirs.user_cache_path)
    if place is None:
        raise EnvironmentMissingError(
            "this user has no home folder to keep a cache in: set EDGEKIT_CACHE to a folder that "
            "can be written"
        )
    return place


def configuration() -> Path | None:
    """Return the folder of what the user has set down; None for a user without a home folder."""
    return _own(platformdirs.user_config_path)


def _own(find: Callable[..., Path]) -> Path | None:
    """Return edgekit's folder; None for users without a home, such as a container's unknown one."""
    try:
        place = find("edgekit", appauthor=False)
    except RuntimeError:
        return None
    return place if place.is_absolute() else None


def check_writable(place: Path) -> None:
    """Make a folder of the cache, before the work that shall be kept in it.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        place.mkdir(parents=True, exist_ok=True)
        with scratch.folder(place, ".edgekit-"):
            pass
    except OSError as error:
        raise StorageError(
            f"cannot write to the cache {place}: {error.strerror}; set EDGEKIT_CACHE to a folder "
            "that can be written"
        ) from error


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
