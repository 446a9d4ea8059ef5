"""The child process in which files of others are read: ``python -m`` this module."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgekit.processes import limited


def read(job: Mapping[str, Any]) -> dict[str, Any]:
    """Read one file and write what came of it into a folder.

    Args:
        job: ``path``, ``folder``, and the sizes asked for as ``batch``, ``in_order``, ``named``.

    Returns:
        which files were written, and what is to be said about them.
    """
    # onnxsim would import it for tools that are not used here, which takes seconds.
    sys.modules["torch"] = None  # type: ignore[assignment]
    from edgekit.export.sources.onnx_file import parse, pipeline
    from edgekit.export.sources.onnx_file.stored import constants
    from edgekit.export.sources.shapes import InputShapes

    path, folder = Path(job["path"]), Path(job["folder"])
    asked = InputShapes(
        job["batch"],
        tuple(tuple(shape) for shape in job["in_order"]),
        {name: tuple(shape) for name, shape in job["named"].items()},
    )
    found = pipeline.read(parse.parse(path), str(path), asked)
    (folder / "simplified.onnx").write_bytes(found.simplified.SerializeToString())
    if found.faithful is not None:
        (folder / "faithful.onnx").write_bytes(found.faithful.SerializeToString())
    constants.save(found.stored, folder / "stored.npz")
    return {
        "faithful": found.faithful is not None,
        "from_half": found.from_half,
        "from_double": found.from_double,
        "dtypes": dict(found.dtypes),
    }


if __name__ == "__main__":
    limited.serve(read)
