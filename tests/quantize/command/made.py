"""A small network and pictures for `edgekit quantize`, what it wrote, and what it said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from tests.specimens import graphs
from tests.specimens.graphs import weights

NET = """net (float[1,3,8,8] x) => (float[1,5] y) {
  a = Conv<pads=[1,1,1,1]>(x, w1, b1)
  r = Relu(a)
  c = Conv(r, w2)
  d = Relu(c)
  p = GlobalAveragePool(d)
  f = Flatten(p)
  y = Gemm<transB=1>(f, w3, b3) }"""


def save(path: Path, **changed: np.ndarray) -> Path:
    """Write the small network as a user's own .onnx."""
    constants = {
        "w1": weights(6, 3, 3, 3),
        "b1": weights(6, seed=1),
        "w2": weights(8, 6, 1, 1, seed=2),
        "w3": weights(5, 8, seed=3),
        "b3": weights(5, seed=4),
        **changed,
    }
    onnx.save(graphs.proto(NET, **constants), path)
    return path


def pictures(folder: Path, count: int = 12, value: int | None = None) -> Path:
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 256, (8, 8, 3), np.uint8)
        if value is not None:
            pixels[:] = value
        Image.fromarray(pixels).save(folder / f"{number:02}.png")
    return folder


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def error_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, text
    assert "Traceback" not in text
    return lines[0]


IMAGES = ("--preprocessing", "raw", "--recipe", "minmax+equalize+bias")
