"""Read the metadata of a model file of either format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgekit.modelfile.metadata import onnx_reading, tflite_reading
from edgekit.modelfile.metadata.description import FileDescription

_READERS: dict[str, Callable[[Path], FileDescription | None]] = {
    ".tflite": tflite_reading.read,
    ".onnx": onnx_reading.read,
}


def read(path: Path) -> FileDescription | None:
    """Return what a model file says of itself; None if it says nothing, or cannot by its format.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: the file or its metadata are damaged.
    """
    reader = _READERS.get(path.suffix.lower())
    return None if reader is None else reader(path)
