"""The child process in which files of others are read: ``python -m`` this module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgekit.processes import deferred_imports, limited


def prepare() -> None:
    """Import what `read` needs."""
    # onnxsim would import it for tools that are not used here, which takes seconds.
    sys.modules["torch"] = None  # type: ignore[assignment]
    deferred_imports.take_alone("onnxsim", "onnx_simplifier", "simplify", without="rich")
    importlib.import_module("edgekit.export.sources.onnx_file.pipeline")


def read(job: Mapping[str, Any]) -> dict[str, Any]:
    """Read one file and write what came of it into a folder.

    Args:
        job: ``path``, ``folder``, and what is asked for as ``batch``, ``in_order``, ``named``,
            ``fixed``, ``ends``.

    Returns:
        which files were written, and what is to be said about them.
    """
    import numpy as np

    from edgekit.export.sources.onnx_file import parse, pipeline
    from edgekit.export.sources.onnx_file.interface import inputs as graph_inputs
    from edgekit.export.sources.onnx_file.stored import constants
    from edgekit.export.sources.shapes import InputShapes
    from edgekit.export.stored_weights import writing

    path, folder = Path(job["path"]), Path(job["folder"])
    asked = InputShapes(
        job["batch"],
        tuple(tuple(shape) for shape in job["in_order"]),
        {name: tuple(shape) for name, shape in job["named"].items()},
        job["fixed"],
        tuple(job["ends"]),
    )
    proto = parse.parse(path)
    found = pipeline.read(proto, str(path), asked)
    inputs = {value.name: value for value in proto.graph.input}
    fixed = {
        key: graph_inputs.constant_of(inputs[key], n, str(path)) for key, n in asked.fixed.items()
    }
    np.savez(folder / "fixed.npz", **fixed)  # type: ignore[arg-type]
    models = {"simplified": found.simplified, "faithful": found.faithful, "cut": found.cut}
    for file_name, model in models.items():
        if model is not None:
            with (folder / f"{file_name}.onnx").open("wb") as file:
                writing.write(*writing.without_weights(model), file)
    constants.save(found.stored, folder / "stored.npz")
    return {
        "faithful": found.faithful is not None,
        "cut": found.cut is not None,
        "from_half": found.from_half,
        "from_double": found.from_double,
        "is_dynamic": found.is_dynamic,
        "dtypes": dict(found.dtypes),
    }


if __name__ == "__main__":
    limited.serve(read, prepare)
