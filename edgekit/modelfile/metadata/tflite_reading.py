"""Read the standard metadata of a .tflite file, and the labels in the zip archive at its end."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from edgekit.errors import UnreadableModelError
from edgekit.files import reading
from edgekit.modelfile import tflite_operators
from edgekit.modelfile.metadata import tflite_schema as schema
from edgekit.modelfile.metadata.description import (
    FileDescription,
    Normalization,
    TensorDescription,
)
from edgekit.modelfile.metadata.tables import Table

_MOST_LABEL_BYTES = 16 << 20  # of one file of class names


def read(path: Path) -> FileDescription | None:
    """Return what a .tflite file says of itself; None if it has no metadata.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .tflite file, or its metadata are damaged.
    """
    model = tflite_operators.read(path)
    try:
        held = _buffer(model)
        if held is None:
            return None
        return _description(held, reading.content(path), model)
    except Exception as error:  # a dozen types, by how they are damaged
        raise UnreadableModelError(
            f"{path}: its metadata are damaged: {error}; bundle the model again"
        ) from error


def _buffer(model: object) -> bytes | None:
    for entry in getattr(model, "metadata", None) or ():
        name = entry.name.decode() if isinstance(entry.name, bytes) else entry.name
        if name == schema.BUFFER_NAME:
            return np.asarray(model.buffers[entry.buffer].data, np.uint8).tobytes()  # type: ignore[attr-defined]  # untyped
    return None


def _description(held: bytes, content: bytes, model: object) -> FileDescription:
    root = Table.root(held, schema.IDENTIFIER)
    graphs = list(root.tables(schema.Model.SUBGRAPHS))
    if not graphs:
        raise ValueError("they describe no subgraph")
    inputs = tuple(_tensor(each) for each in graphs[0].tables(schema.Subgraph.INPUTS))
    outputs = tuple(_tensor(each) for each in graphs[0].tables(schema.Subgraph.OUTPUTS))
    main = model.subgraphs[0]  # type: ignore[attr-defined]  # the schema module is untyped
    if (len(inputs), len(outputs)) != (len(main.inputs), len(main.outputs)):
        raise ValueError(
            f"they describe {len(inputs)} inputs and {len(outputs)} outputs, but the file has "
            f"{len(main.inputs)} and {len(main.outputs)}"
        )
    files = [each.label_file for each in outputs if each.label_file]
    return FileDescription(
        name=root.text(schema.Model.NAME),
        description=root.text(schema.Model.DESCRIPTION),
        version=root.text(schema.Model.VERSION),
        author=root.text(schema.Model.AUTHOR),
        license=root.text(schema.Model.LICENSE),
        inputs=inputs,
        outputs=outputs,
        labels=_labels(content, files[0]) if files else (),
    )


def _tensor(table: Table) -> TensorDescription:
    normalization, threshold = None, None
    for unit in table.tables(schema.Tensor.PROCESS_UNITS):
        options, kind = unit.table(schema.Unit.OPTIONS), unit.byte(schema.Unit.KIND)
        if options is None:
            raise ValueError("a process unit has no options")
        if kind == schema.NORMALIZATION:
            pair = options.floats(schema.Pair.FIRST), options.floats(schema.Pair.SECOND)
            normalization = Normalization(*pair)
        elif kind == schema.THRESHOLDING:
            threshold = options.float32(0)
    content = table.table(schema.Tensor.CONTENT)
    color = ""
    if content is not None and content.byte(schema.Content.KIND) == schema.IMAGE:
        properties = content.table(schema.Content.PROPERTIES)
        is_rgb = properties is not None and properties.byte(0) == schema.RGB
        color = "RGB" if is_rgb else "other"
    labels = [
        each.text(schema.File.NAME)
        for each in table.tables(schema.Tensor.FILES)
        if each.byte(schema.File.TYPE) == schema.TENSOR_AXIS_LABELS
    ]
    return TensorDescription(
        name=table.text(schema.Tensor.NAME),
        description=table.text(schema.Tensor.DESCRIPTION),
        normalization=normalization,
        color_space=color,
        label_file=labels[0] if labels else "",
        score_threshold=threshold,
    )


def _labels(content: bytes, name: str) -> tuple[str, ...]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.getinfo(name).file_size > _MOST_LABEL_BYTES:
            raise ValueError(f"{name} is too large for class names")
        return tuple(archive.read(name).decode("utf-8").splitlines())
