"""What `edgekit.quantize.sensitivity` gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgekit.files import text_table
from edgekit.files.documents import Document
from edgekit.quantize.analysis.layer_accuracy import LayerAccuracy
from edgekit.quantize.analysis.sensitivity import Sensitivity
from edgekit.quantize.analysis.tensor_errors import TensorError


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs on images, ready for other readers.

    Attributes:
        layer: name of the node.
        images: how many were shown.
        agreement: share of them with the same top-1 as in float32.
        top1_points: top-1 with this layer on integers less that of float32; None without labels.
        top1_points_interval: its 95 % interval; None likewise.
    """

    layer: str
    images: int
    agreement: float
    top1_points: float | None
    top1_points_interval: tuple[float, ...] | None

    @classmethod
    def of(cls, found: LayerAccuracy) -> LayerCost:
        """Return what was found, in points."""
        difference = found.top1_difference
        points = None if difference is None else 100 * difference.value
        interval = None if difference is None else tuple(100 * end for end in difference.interval)
        return cls(found.layer, found.images, found.agreement, points, interval)


@dataclass(frozen=True, repr=False)
class SensitivityReport(Document):
    """Which layers and tensors of a network lose most as integers.

    Attributes:
        model: name of the network.
        origin: the recipe or the file that the encodings came from.
        calibration: what the samples were.
        samples: sets of inputs that the layers were judged by.
        layers: the most sensitive first.
        accuracy: what the worst of them cost on images; empty without images.
        tensors: the error of every stored tensor; None unless it was asked for.
        plots: the pictures that were drawn.
        warnings: what makes the result doubtful, one line each.
    """

    schema = "edgekit.sensitivity"
    schema_version = 1

    model: str
    origin: str
    calibration: str
    samples: int
    layers: tuple[Sensitivity, ...]
    accuracy: tuple[LayerCost, ...]
    tensors: tuple[TensorError, ...] | None
    plots: tuple[Path, ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        rows = [
            [row.layer, row.operator, f"{row.alone_db:.1f}", f"{row.without_db:.1f}"]
            for row in self.layers
        ]
        table = text_table.text(["layer", "operator", "alone dB>", "all but it dB>"], rows)
        return f"{self.model}: {self.origin}, {self.samples} of {self.calibration}\n{table}"
