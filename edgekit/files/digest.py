"""Which file it was: its SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgekit.files import reading


def sha256_of(path: Path) -> str:
    """Return the hash of a file's bytes in hexadecimal."""
    with reading.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def origin_of(path: Path) -> str:
    """Name a file and its bytes, for a record of where something came from."""
    return f"{path.name} sha256:{sha256_of(path)}"
