"""Pack the worker into one file that runs wherever Python, numpy and one runtime are.

The same file is started here and on every other machine, so what is tested here is what runs
there. Everything in it keeps to Python 3.9.
"""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterator
from importlib import resources
from importlib.resources.abc import Traversable

from edgekit import __version__

_MAIN = """\
import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as in edgekit/__init__.py, which does not travel

from edgekit.runtimes.worker import main

sys.exit(main())
"""


@functools.cache
def build() -> bytes:
    """Return the bytes of ``worker.pyz``; the same sources give the same bytes."""
    members = {f"edgekit/{name}": content for name, content in _travelling()}
    members["edgekit/__init__.py"] = f'__version__ = "{__version__}"\n'.encode()
    members["__main__.py"] = _MAIN.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(members.items()):
            # A ZipInfo made by hand carries the fixed date 1980-01-01 and no owner.
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def _travelling() -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of every source that goes to a device."""
    package = resources.files("edgekit")
    yield "errors.py", package.joinpath("errors.py").read_bytes()
    yield from _sources(package / "runtimes", "runtimes")


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry, f"{name}/{entry.name}")
        elif entry.name.endswith(".py"):
            yield f"{name}/{entry.name}", entry.read_bytes()
