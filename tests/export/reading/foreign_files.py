"""Files as others write them, whatever the opset, and their export."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx.parser

from edgekit import export
from edgekit.export.sources import source


def write(folder: Path, opset: int, text: str, **constants: np.ndarray) -> Path:
    """Write a model as it comes: no shape is inferred, and none is checked."""
    header = (
        f'<ir_version: 8, opset_import: ["" : {opset}, "com.microsoft" : 1, "ai.onnx.ml" : 3]>\n'
    )
    model = onnx.parser.parse_model(header + text)
    for name, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.asarray(array), name))
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def exported(path: Path, folder: Path) -> list[str]:
    """Export to .onnx, which must answer as the original does; return its operators."""
    prepared = source.resolve(str(path))
    (entry,) = export.to_files(prepared, ["onnx"], folder / "out")
    assert entry.verified == "passed"
    return [node.op_type for node in onnx.load(entry.path).graph.node]


MAP = "g (float[1,4,6,6] x) => (float[a,b,c,d] y)"
ROWS = "g (float[2,3,4] x) => (float[a,b,c] y)"
