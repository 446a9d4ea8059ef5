"""The folder in which edgekit keeps what it can make again; deleting it is always safe."""

from __future__ import annotations

import os
from pathlib import Path


def folder() -> Path:
    """Return the cache's folder: ``EDGEKIT_CACHE``, else ``edgekit`` in the user's cache folder."""
    given = os.environ.get("EDGEKIT_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgekit"
