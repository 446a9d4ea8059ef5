"""Networks of one's own in the sizes that are asked for; one of each family at batch 2."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx

from edgekit import export, models
from edgekit.export.sources import shapes, source
from tests.specimens import graphs

SMALL = "shiftresnet20-e1"
BOTH = ("onnx", "tflite")


def resolve(what: str, *texts: str, batch: int | None = None) -> export.Source:
    return source.resolve(what, asked=shapes.parse(texts, batch))


def written(folder: Path, text: str, **constants: np.ndarray) -> str:
    path = folder / "net.onnx"
    onnx.save(graphs.proto(text, **constants), path)
    return str(path)


FAMILIES = sorted({models.get(name).family for name in models.names(baselines=False)})


@cache
def batched(family: str) -> export.Source:
    """The family's cheapest network at batch 2."""
    members = [models.get(name) for name in models.names(baselines=False)]
    cheapest = min((s for s in members if s.family == family), key=lambda spec: spec.macs)
    return resolve(cheapest.name, batch=2)
