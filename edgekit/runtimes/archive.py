"""Pack the worker into one file that runs wherever Python, numpy and one runtime are.

The same file is started here and on every other machine, so what is tested here is what runs
there. Everything in it keeps to Python 3.9.
"""

from __future__ import annotations

import functools
import io
import zipfile
from importlib import resources

from edgekit import __version__

FILES = (
    "errors.py",
    "runtimes/__init__.py",
    "runtimes/arrays.py",
    "runtimes/base.py",
    "runtimes/litert.py",
    "runtimes/litert_alone.py",
    "runtimes/machine.py",
    "runtimes/marks.py",
    "runtimes/onnx_graph.py",
    "runtimes/onnx_operators.py",
    "runtimes/operators.py",
    "runtimes/ort.py",
    "runtimes/ort_profile.py",
    "runtimes/timing.py",
    "runtimes/worker.py",
)

_MAIN = """\
import sys

from edgekit.runtimes.worker import main

sys.exit(main())
"""


@functools.cache
def build() -> bytes:
    """Return the bytes of ``worker.pyz``; the same sources give the same bytes."""
    package = resources.files("edgekit")
    members = {f"edgekit/{name}": package.joinpath(name).read_bytes() for name in FILES}
    members["edgekit/__init__.py"] = f'__version__ = "{__version__}"\n'.encode()
    members["__main__.py"] = _MAIN.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in sorted(members.items()):
            # A ZipInfo made by hand carries the fixed date 1980-01-01 and no owner.
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()
