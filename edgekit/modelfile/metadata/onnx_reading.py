"""Read what edgekit noted in an .onnx file's ``metadata_props``."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import InvalidPathError, UnreadableModelError
from edgekit.files import documents
from edgekit.modelfile.metadata.description import FileDescription

KEY = "edgekit.description"
"""Entry that holds a `FileDescription` as JSON, its labels included."""


def read(path: Path) -> FileDescription | None:
    """Return what an .onnx file says of itself; None if it has no entry of edgekit's.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .onnx file, or its entry is damaged.
    """
    import json

    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except Exception as error:  # protobuf's errors share no base class
        raise UnreadableModelError(f"{path}: cannot read this file: {error}") from error
    for entry in model.metadata_props:
        if entry.key == KEY:
            try:
                return documents.decode(FileDescription, json.loads(entry.value))
            except ValueError as error:
                raise UnreadableModelError(f"{path}: its metadata are damaged: {error}") from error
    return None
