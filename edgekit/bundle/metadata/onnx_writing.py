"""Note a description in an .onnx file's ``metadata_props``."""

from __future__ import annotations

import json

import onnx

from edgekit.files import documents
from edgekit.modelfile.metadata import FileDescription
from edgekit.modelfile.metadata.onnx_reading import KEY

_OF_TOOLS = "onnxsim."  # notes of the simplifier about its own run


def to_onnx(content: bytes, description: FileDescription) -> bytes:
    """Return the file with one entry of edgekit's, and without those of the simplifier.

    Entries of others stay. Equal arguments give equal bytes.
    """
    model = onnx.load_model_from_string(content)
    kept = [
        (entry.key, entry.value)
        for entry in model.metadata_props
        if not entry.key.startswith(_OF_TOOLS) and entry.key != KEY
    ]
    del model.metadata_props[:]
    kept.append((KEY, json.dumps(documents.encode(description), sort_keys=True)))
    for key, value in kept:
        model.metadata_props.add(key=key, value=value)
    return bytes(model.SerializeToString(deterministic=True))
