"""A file of class names, one a line."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import InvalidPathError, RefusedError
from edgekit.files import reading


def read_labels(path: Path) -> tuple[str, ...]:
    """Read class names, one a line.

    Raises:
        InvalidPathError: the file cannot be read.
        RefusedError: it is no text in UTF-8, or a line is empty (reason "bad-labels").
    """
    try:
        lines = tuple(reading.text(path).splitlines())
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RefusedError(f"{path} is no text in UTF-8", reason_code="bad-labels") from error
    if not lines or not all(line.strip() for line in lines):
        raise RefusedError(
            f"{path} has an empty line or no line: write one class name a line",
            reason_code="bad-labels",
        )
    return lines
