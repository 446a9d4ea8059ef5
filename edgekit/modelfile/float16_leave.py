"""Does a file leave float16 arithmetic to the processor?"""

from __future__ import annotations

from pathlib import Path

from edgekit.export.precisions import float16_compute
from edgekit.modelfile import tflite_operators


def leaves_float16(path: Path) -> bool:
    """Tell whether a .tflite file lets XNNPACK compute in float16; no other file does.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: it is no .tflite file, or it is damaged.
    """
    if path.suffix != ".tflite":
        return False
    entries = getattr(tflite_operators.read(path), "metadata", None) or ()
    names = (each.name for each in entries)
    return any(
        (name.decode() if isinstance(name, bytes) else name) == float16_compute.ENTRY
        for name in names
    )
