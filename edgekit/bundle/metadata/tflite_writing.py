"""Write TFLite metadata in the standard form, which MediaPipe and litert-metadata read.

A flat buffer of its own lies in a buffer of the model; the class names are a stored zip archive
after the model's last byte, which readers find from the file's end.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tflite

from edgekit.export.tflite.serialize import AlignedBuffer
from edgekit.modelfile.metadata import FileDescription, TensorDescription
from edgekit.modelfile.metadata import tflite_schema as schema

_K = TypeVar("_K", bound=int)
_N = TypeVar("_N", bound=int)


def to_tflite(content: bytes, description: FileDescription) -> bytes:
    """Return the file with its metadata; metadata and archive that it had before are replaced.

    Args:
        content: a .tflite file.
        description: what it shall say; equal arguments give equal bytes.

    Raises:
        ValueError: an output names a file of labels and there are none.
    """
    model = tflite.ModelT.InitFromObj(tflite.Model.GetRootAs(content))
    for buffer in model.buffers:
        buffer.__class__ = AlignedBuffer  # whose packer keeps the alignment of weights
        if buffer.data is not None:
            buffer.data = np.asarray(buffer.data, np.uint8)
    _buffer(model).data = np.frombuffer(_metadata(description), np.uint8)
    builder = flatbuffers.Builder(len(content) + 4096)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return _with_labels(bytes(builder.Output()), description)


def _buffer(model: Any) -> AlignedBuffer:  # noqa: ANN401 -- the schema module is untyped
    """Return the buffer that holds the metadata, a new one if there is none."""
    entries = [] if model.metadata is None else model.metadata
    for entry in entries:
        if entry.name == schema.BUFFER_NAME.encode():
            held: AlignedBuffer = model.buffers[entry.buffer]
            return held
    made, added = AlignedBuffer(), tflite.MetadataT()
    model.buffers.append(made)
    added.name, added.buffer = schema.BUFFER_NAME, len(model.buffers) - 1
    model.metadata = [*entries, added]
    return made


def _with_labels(content: bytes, description: FileDescription) -> bytes:
    names = [each.label_file for each in description.outputs if each.label_file]
    if not names:
        return content
    if not description.labels:
        raise ValueError(f"there are no class names for {names[0]}")
    archive = io.BytesIO()
    archive.write(content)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_STORED) as files:
        text = "".join(f"{label}\n" for label in description.labels)
        files.writestr(zipfile.ZipInfo(names[0]), text)  # dated 1980, so bytes repeat
    return archive.getvalue()


def _metadata(description: FileDescription) -> bytes:
    writer = _Writer()
    graph = writer.table(
        4,
        {
            schema.Subgraph.INPUTS: writer.vector([_tensor(writer, t) for t in description.inputs]),
            schema.Subgraph.OUTPUTS: writer.vector(
                [_tensor(writer, t) for t in description.outputs]
            ),
        },
    )
    root = writer.table(
        8,
        {
            schema.Model.NAME: writer.text(description.name),
            schema.Model.DESCRIPTION: writer.text(description.description),
            schema.Model.VERSION: writer.text(description.version),
            schema.Model.SUBGRAPHS: writer.vector([graph]),
            schema.Model.AUTHOR: writer.text(description.author),
            schema.Model.LICENSE: writer.text(description.license),
            schema.Model.PARSER: writer.text(schema.PARSER_VERSION),
        },
    )
    writer.builder.Finish(root, file_identifier=schema.IDENTIFIER)
    return bytes(writer.builder.Output())


def _tensor(writer: _Writer, given: TensorDescription) -> int:
    units = []
    if given.normalization is not None:
        mean, std = given.normalization.mean, given.normalization.std
        vectors = {schema.Pair.FIRST: writer.floats(mean), schema.Pair.SECOND: writer.floats(std)}
        units.append(writer.union(schema.NORMALIZATION, writer.table(2, vectors)))
    if given.score_threshold is not None:
        options = writer.table(1, {}, floats={0: given.score_threshold})
        units.append(writer.union(schema.THRESHOLDING, options))
    is_image = bool(given.color_space)
    properties = writer.table(2, {}, numbers={0: schema.RGB} if is_image else {})
    content = writer.union(schema.IMAGE if is_image else schema.FEATURES, properties)
    fields = {
        schema.Tensor.NAME: writer.text(given.name),
        schema.Tensor.DESCRIPTION: writer.text(given.description),
        schema.Tensor.CONTENT: content,
    }
    if units:
        fields[schema.Tensor.PROCESS_UNITS] = writer.vector(units)
    if given.label_file:
        name = {schema.File.NAME: writer.text(given.label_file)}
        kind = {schema.File.TYPE: schema.TENSOR_AXIS_LABELS}
        fields[schema.Tensor.FILES] = writer.vector([writer.table(5, name, numbers=kind)])
    return writer.table(7, fields)


class _Writer:
    """A flat buffer under way; every method returns the offset of what it wrote."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    def text(self, value: str) -> int:
        """Write a string."""
        return int(self.builder.CreateString(value))

    def floats(self, values: Sequence[float]) -> int:
        """Write a vector of float32."""
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            self.builder.PrependFloat32(value)
        return int(self.builder.EndVector())

    def vector(self, offsets: Sequence[int]) -> int:
        """Write a vector of things written before."""
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def table(
        self,
        fields: int,
        offsets: Mapping[_K, int],
        *,
        numbers: Mapping[_N, int] = MappingProxyType({}),
        floats: Mapping[int, float] = MappingProxyType({}),
    ) -> int:
        """Write a table of so many fields: things written before, 8-bit numbers, float32."""
        self.builder.StartObject(fields)
        for field, offset in offsets.items():
            self.builder.PrependUOffsetTRelativeSlot(int(field), offset, 0)
        for byte, number in numbers.items():
            self.builder.PrependInt8Slot(int(byte), number, 0)
        for real, value in floats.items():
            self.builder.PrependFloat32Slot(int(real), value, 0.0)
        return int(self.builder.EndObject())

    def union(self, kind: int, offset: int) -> int:
        """Write a table whose fields are a union: its kind, and the thing."""
        return self.table(2, {schema.Unit.OPTIONS: offset}, numbers={schema.Unit.KIND: kind})
