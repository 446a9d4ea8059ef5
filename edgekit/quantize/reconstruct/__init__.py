"""Choosing a layer's integer weights and bias by what the layer then computes."""

from __future__ import annotations

from edgekit.quantize.reconstruct.adaround import Rounding, learn_rounding
from edgekit.quantize.reconstruct.descent import Settings
from edgekit.quantize.reconstruct.layer import Geometry, Layer

__all__ = ["Geometry", "Layer", "Rounding", "Settings", "learn_rounding"]
