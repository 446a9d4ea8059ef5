"""Small files to export, and what stands in a folder afterwards."""

from __future__ import annotations

from pathlib import Path

import onnx

from tests.specimens import graphs
from tests.specimens.graphs import weights

SMALL = "shiftresnet20-e1"
BOTH = ("onnx", "tflite")


def tiny(folder: Path, name: str = "tiny", operator: str = "Relu", batch: str = "1") -> Path:
    model = graphs.proto(
        f"""g (float[{batch},3,8,8] x) => (float[{batch},4,8,8] y) {{
          a = Conv(x, w)
          y = {operator}(a) }}""",
        w=weights(4, 3, 1, 1),
    )
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    return path


def listing(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
