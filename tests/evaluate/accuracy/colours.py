"""Pictures of one colour, and small models for which the brightest channel is the class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from PIL import Image

from edgekit import evaluate
from edgekit.evaluate import EvaluateRequest, Evaluation, Settings
from tests.specimens import graphs

RAW = Settings(preprocessing="raw")
SIDE = 8
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))  # the brightest channel is the class


def classifier(path: Path, matrix: np.ndarray, batch: int | str = 1) -> Path:
    """A model file, .onnx or .tflite, whose scores are the channels' means times ``matrix``."""
    model = graphs.proto(
        f"g (float[{batch},3,{SIDE},{SIDE}] x) => (float[{batch},{matrix.shape[1]}] y) "
        "{ p = GlobalAveragePool(x)\n f = Flatten(p)\n y = MatMul(f, w) }",
        w=matrix.astype(np.float32),
    )
    if path.suffix == ".onnx":
        onnx.save(model, path)
    else:
        path.write_bytes(graphs.to_tflite(model))
    return path


def drawn(root: Path, colours: tuple[int, ...], labels: tuple[int, ...]) -> Path:
    root.mkdir()
    lines = ["file,label"]
    for number, (colour, label) in enumerate(zip(colours, labels, strict=True)):
        Image.new("RGB", (SIDE + 2, SIDE + 4), COLOURS[colour]).save(root / f"{number}.png")
        lines.append(f"{number}.png,{label}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


def run(model: Path, data: Path | None, **options: object) -> Evaluation:
    return evaluate.run(EvaluateRequest(str(model), data, **{"settings": RAW, **options}))  # type: ignore[arg-type]
