"""Tiny image classifiers in both formats, with sidecars: the brightest channel is the class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from edgekit.export import artifact
from edgekit.export.artifact import Artifact
from edgekit.export.door import ExportRequest, run
from edgekit.models import Preprocessing
from tests.specimens import graphs

SIDE = 8
LABELS = ("red", "green", "blue")
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
PLAIN = Preprocessing((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), SIDE, SIDE, scale=1 / 127.5)
PER_CHANNEL = Preprocessing((0.4, 0.5, 0.6), (0.2, 0.25, 0.3), SIDE, SIDE)
BGR = Preprocessing((0.4, 0.5, 0.6), (0.2, 0.25, 0.3), SIDE, SIDE, channel_order="BGR")


def brightest(folder: Path, wanted: Preprocessing, name: str = "brightest") -> dict[str, Path]:
    """Write the classifier as .onnx and .tflite, and return the paths by format."""
    order = np.eye(3) if wanted.channel_order == "RGB" else np.eye(3)[::-1]
    matrix = (order * np.array(wanted.std)[:, None]).astype(np.float32)
    model = graphs.proto(
        f"g (float[1,3,{SIDE},{SIDE}] x) => (float[1,3] y) "
        "{ p = GlobalAveragePool(x)\n f = Flatten(p)\n m = MatMul(f, w)\n y = Add(m, b) }",
        w=matrix,
        b=np.array(wanted.mean if wanted.channel_order == "RGB" else wanted.mean[::-1], np.float32),
    )
    folder.mkdir(exist_ok=True)
    source = folder / f"{name}.source.onnx"
    onnx.save(model, source)
    made = run(ExportRequest(str(source), folder)).artifacts
    return {each.format: with_record(each, wanted) for each in made}


def with_record(made: Artifact, wanted: Preprocessing) -> Path:
    """Let a file's sidecar say its preprocessing."""
    known = replace(made, preprocessing=wanted)
    artifact.sidecar_path(made.path).write_bytes(known.sidecar_bytes())
    return made.path
