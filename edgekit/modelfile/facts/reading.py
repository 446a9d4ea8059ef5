"""Read the facts of a model file of either format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgekit.errors import InvalidPathError, UsageError
from edgekit.modelfile.facts import onnx_facts, tflite_facts
from edgekit.modelfile.facts.graph import GraphFacts

_READERS: dict[str, Callable[[Path], GraphFacts]] = {
    ".tflite": tflite_facts.read,
    ".onnx": onnx_facts.read,
}


def read(path: Path) -> GraphFacts:
    """Return the facts of a model file's main graph.

    Raises:
        UsageError: the file is of neither format.
        InvalidPathError: the file cannot be read.
        UnreadableModelError: the file is damaged.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: graphs are read of {' and '.join(_READERS)} files")
    if not path.is_file():
        raise InvalidPathError(f"{path}: no such file")
    return reader(path)
