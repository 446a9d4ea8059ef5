"""Write what a file says of itself into the bytes of a finished model file."""

from __future__ import annotations

from edgekit.bundle.metadata.folding import fold
from edgekit.bundle.metadata.onnx_writing import to_onnx
from edgekit.bundle.metadata.tflite_writing import to_tflite

__all__ = ["fold", "to_onnx", "to_tflite"]
