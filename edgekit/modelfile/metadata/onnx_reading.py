"""Read what edgekit noted in an .onnx file's ``metadata_props``."""

from __future__ import annotations

from pathlib import Path

from edgekit.errors import InvalidPathError, UnreadableModelError
from edgekit.files import documents, parsing, reading
from edgekit.modelfile.metadata.description import FileDescription
from edgekit.runtimes.ort import onnx_protobuf

KEY = "edgekit.description"
"""Entry that holds a `FileDescription` as JSON, its labels included."""


def read(path: Path) -> FileDescription | None:
    """Return what an .onnx file says of itself; None if it has no entry of edgekit's.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .onnx file, or its entry is damaged.
    """
    try:
        with reading.opened(path) as file:
            held = onnx_protobuf.metadata(file).get(KEY)
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UnreadableModelError(f"{path}: cannot read this file: {error}") from error
    if held is None:
        return None
    try:
        return documents.decode(FileDescription, parsing.json_of(held))
    except ValueError as error:
        raise UnreadableModelError(f"{path}: its metadata are damaged: {error}") from error
