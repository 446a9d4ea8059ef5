"""Folders for the length of a run; what a killed run left is taken away by a later one.

Whoever makes such a folder holds a lock on the file ``.owner`` in it, which names its process.
The kernel gives a lock back however its holder ends, so that one which can be taken belongs to
nobody who lives: not on this machine, and not in another container that shares the folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_OWNER = ".owner"
_UNLOCKED = ".owner.new"  # its name until it is locked
_SECS_TO_LOCK = 3600.0  # between making a folder and locking it, amply


@contextmanager
def folder(parent: Path | None = None, prefix: str = "edgekit-") -> Iterator[Path]:
    """Give an empty folder that is gone afterwards, and sweep those of dead runs beside it.

    Args:
        parent: where to make it; None takes the system's temporary folder.
        prefix: first part of its name, which is shared by nothing but such folders.

    Raises:
        OSError: it cannot be made.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    sweep(place, prefix)
    made = place / f"{prefix}{secrets.token_hex(8)}"
    lock = None
    try:  # which a signal may end as soon as the folder is there
        made.mkdir(mode=0o700)
        lock = _locked(made)
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def sweep(parent: Path, prefix: str) -> int:
    """Remove the folders of dead runs; return how many."""
    try:
        with os.scandir(parent) as entries:
            names = [each.path for each in entries if each.name.startswith(prefix)]
    except OSError:
        return 0
    return sum(_swept(Path(name)) for name in names)


def _locked(made: Path) -> int | None:
    descriptor = os.open(made / _UNLOCKED, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, f"process {os.getpid()}\n".encode())
        _lock(descriptor)
        (made / _UNLOCKED).rename(made / _OWNER)
    except OSError:  # a file system without locks, or a full one: nobody sweeps this folder
        os.close(descriptor)
        with suppress(OSError):
            (made / _UNLOCKED).unlink()
        return None
    return descriptor


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError as error:  # on Windows, where nothing is swept
        raise OSError("there are no such locks here") from error
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _swept(found: Path) -> bool:
    try:
        state = found.lstat()
        if state.st_uid != os.getuid() or found.is_symlink() or not found.is_dir():
            return False
        try:
            descriptor = os.open(found / _OWNER, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return _swept_before_locked(found, state.st_mtime)
    except OSError:
        return False
    try:
        _lock(descriptor)
        shutil.rmtree(found, ignore_errors=True)
    except OSError:  # its owner lives
        return False
    finally:
        os.close(descriptor)
    return not found.exists()


def _swept_before_locked(found: Path, made_at: float) -> bool:
    """Remove a folder whose owner died before it had a lock, when it holds nothing else."""
    if time.time() - made_at < _SECS_TO_LOCK:
        return False
    (found / _UNLOCKED).unlink(missing_ok=True)
    found.rmdir()  # fails where it is not empty
    return True
