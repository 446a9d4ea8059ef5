"""Parse an .onnx file but for its large weights, which stay where they are."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import onnx

from edgekit.export.stored_weights import tensor as stored
from edgekit.files import reading
from edgekit.runtimes.ort import onnx_protobuf

# Field numbers of onnx.proto.
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9

Span = tuple[int, int]


def parse(path: Path) -> tuple[onnx.ModelProto, dict[int, Span]]:
    """Parse a file.

    Returns:
        the model, and by the number of an initializer that lacks its numbers, where they begin in
        the file and how many bytes they are.

    Raises:
        OSError: as `edgekit.files.reading.opened`.
        DecodeError, ValueError: it is no protobuf of a model.
    """
    with reading.opened(path) as file:
        if path.stat().st_size < stored.LARGE_BYTES:
            return onnx.load_model_from_string(file.read()), {}
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _parse(data)
            except ValueError:  # of a form that protobuf may know
                return onnx.load_model_from_string(data[:]), {}


def load(path: Path) -> onnx.ModelProto:
    """Parse a file whose large weights then say where in it they lie.

    Raises:
        OSError, DecodeError, ValueError: as `parse`.
    """
    proto, left = parse(path)
    for number, (offset, length) in left.items():
        stored.refer(proto.graph.initializer[number], path.absolute(), offset, length)
    return proto


def _parse(data: mmap.mmap) -> tuple[onnx.ModelProto, dict[int, Span]]:
    proto, left = onnx.ModelProto(), dict[int, Span]()
    rest, graphs = _apart(data, (0, len(data)), _GRAPH)
    proto.MergeFromString(rest)
    for graph in graphs:
        rest, tensors = _apart(data, graph, _INITIALIZER)
        proto.graph.MergeFromString(rest)
        for span in tensors:
            tensor = proto.graph.initializer.add()
            if span[1] - span[0] < stored.LARGE_BYTES:
                tensor.MergeFromString(data[slice(*span)])
                continue
            rest, numbers = _apart(data, span, _RAW_DATA)
            tensor.MergeFromString(rest)
            if len(numbers) == 1 and not tensor.external_data:
                start, end = numbers[0]
                if stored.is_large(tensor.data_type, list(tensor.dims), end - start):
                    left[len(proto.graph.initializer) - 1] = (start, end - start)
                    continue
            for start, end in numbers[-1:]:
                tensor.raw_data = data[start:end]
    return proto, left


def _apart(data: mmap.mmap, span: Span, wanted: int) -> tuple[bytes, list[Span]]:
    """Return a message without the fields of a number, and the spans of their content."""
    kept, found, start = [], [], span[0]
    for number, begin, value, end in _fields(data, span):
        if number == wanted:
            kept.append(data[start:begin])
            found.append((value, end))
            start = end
    kept.append(data[start : span[1]])
    return b"".join(kept), found


def _fields(data: mmap.mmap, span: Span) -> Iterator[tuple[int, int, int, int]]:
    """Yield each length-delimited field's number, and where it, its content and its end are."""
    position, last = span
    while position < last:
        begin = position
        tag, position = onnx_protobuf.varint(data, position)
        wire = tag & 7
        if wire == 0:
            _, position = onnx_protobuf.varint(data, position)
            continue
        if wire in (1, 5):
            position += 8 if wire == 1 else 4
            continue
        if wire != 2:
            raise ValueError("a form that is no longer in use")
        size, value = onnx_protobuf.varint(data, position)
        position = value + size
        if position > last:
            raise ValueError("the file ends early")
        yield tag >> 3, begin, value, position
