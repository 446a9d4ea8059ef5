"""Write a set of files so that either all of them appear, complete, or none does."""

from __future__ import annotations

import errno
import filecmp
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from edgekit.errors import EdgekitError, InvalidPathError, StorageError, WouldOverwriteError
from edgekit.files import scratch

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Staging:
    """Files waiting in a hidden folder beside their destination."""

    def __init__(self, folder: Path, destination: Path) -> None:
        self._folder = folder
        self._destination = destination
        self._names: list[str] = []

    def write(self, name: str, data: bytes | Callable[[IO[bytes]], None]) -> Path:
        """Write and sync one file, or let ``data`` write it; return where it waits.

        Raises:
            StorageError: the file system is full.
        """
        path = self._folder / name
        try:
            with path.open("wb") as file:
                if isinstance(data, bytes):
                    file.write(data)
                else:
                    data(file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _translated(error, self._destination / name) from error
        if name not in self._names:
            self._names.append(name)
        return path

    def rename(self, old: str, new: str) -> None:
        """Let a waiting file appear under another name."""
        (self._folder / old).replace(self._folder / new)
        self._names[self._names.index(old)] = new

    def commit(self, *, force: bool) -> None:
        """Give every file its name.

        Raises:
            WouldOverwriteError: a name is taken by other content and ``force`` is not set;
                nothing is renamed then.
        """
        if not force:
            for name in self._names:
                _refuse_overwrite(self._destination / name, self._folder / name)
        try:
            for name in self._names:
                (self._folder / name).replace(self._destination / name)
            _sync_folder(self._destination)
        except OSError as error:
            raise _translated(error, self._destination) from error


@contextmanager
def staging(destination: Path) -> Iterator[Staging]:
    """Open a staging area for ``destination``, which is created if it is not there.

    Whatever was not committed is gone afterwards, and so is a folder made in vain.

    Raises:
        InvalidPathError: the folder cannot be made or written to.
        StorageError: the file system is full.
    """
    made = _make(destination)
    with ExitStack() as stack:
        stack.callback(_remove_empty, made)
        try:
            folder = stack.enter_context(scratch.folder(destination, ".edgekit-"))
        except OSError as error:
            raise _translated(error, destination) from error
        yield Staging(folder, destination)


def _remove_empty(made: list[Path]) -> None:
    for path in made:  # innermost first; one that holds something stays
        with suppress(OSError):
            path.rmdir()


def _refuse_overwrite(path: Path, other: Path) -> None:
    if path.exists() and (not path.is_file() or not filecmp.cmp(path, other, shallow=False)):
        raise WouldOverwriteError(
            f"{path} exists with other content: give --force to replace it, or another -o folder"
        )


def _make(folder: Path) -> list[Path]:
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _translated(error, folder) from error
    return missing


def _translated(error: OSError, path: Path) -> EdgekitError:
    if error.errno in _FULL:
        return StorageError(f"cannot write {path}: {error.strerror}; free some space and try again")
    return InvalidPathError(f"cannot write {path}: {error.strerror}; choose another -o folder")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
