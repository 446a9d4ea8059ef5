"""Open what a user names as a file: it is one, not a pipe or a device that never ends.

Everything here raises `OSError` with the reason as ``strerror``, as opening a file does, so that
a caller says it in its own words.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

MOST_TEXT_BYTES = 256 << 20
"""Of a document: the times of a thousand long runs, amply."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def opened(path: Path) -> BufferedReader:
    """Open a file for reading, without waiting for anybody.

    Raises:
        OSError: there is no such file, it may not be read, or it is no file but a pipe, a socket,
            a device or a folder.
    """
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "a path holds no NUL", str(path))
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
            raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def content(path: Path, most_bytes: int | None = None) -> bytes:
    """Return a file's bytes.

    Args:
        path: the file.
        most_bytes: of a file that is read whole; None for any number.

    Raises:
        OSError: as `opened`, or the file is longer.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if most_bytes is not None and size > most_bytes:
            raise OSError(errno.EFBIG, f"it has {size} bytes, more than {most_bytes}", str(path))
        return file.read()


def text(path: Path) -> str:
    """Return a document's text, in UTF-8.

    Raises:
        OSError: as `content`.
        UnicodeDecodeError: it is no text.
    """
    return content(path, MOST_TEXT_BYTES).decode("utf-8")
