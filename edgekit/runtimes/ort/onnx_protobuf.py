"""Count the operators of an ONNX file without the onnx package.

ONNX Runtime does not tell which operators a file holds, and the onnx package is not on every
device. Both of its formats can be walked in a few lines: .onnx is a protocol buffer
(onnx/onnx.proto), .ort a flat buffer (onnxruntime/core/flatbuffers/schema/ort.fbs).
Only the main graph is counted, not the bodies of If and Loop.
"""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# Field numbers of onnx.proto.
_MODEL_GRAPH, _GRAPH_NODE, _NODE_OP_TYPE = 7, 1, 4
_MODEL_METADATA, _ENTRY_KEY, _ENTRY_VALUE = 14, 1, 2
_MOST_SHIFT = 63  # of a varint's bits
_LONGEST_TYPE = 1000  # bytes of an operator type's name
# Field slots of ort.fbs.
_SESSION_MODEL, _MODEL_GRAPH_SLOT, _GRAPH_NODES, _NODE_OP_TYPE_SLOT = 1, 7, 2, 5


def operator_counts(path: Path) -> dict[str, int]:
    """Return operator type to number of uses in the main graph, sorted by type.

    Raises:
        ValueError: the file is neither format.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        is_ort = data[4:8] == b"ORTM"
        types = _ort_operators(data) if is_ort else _onnx_operators(data)
        return dict(sorted(Counter(types).items()))


def metadata(file: IO[bytes]) -> dict[str, str]:
    """Return the notes that an .onnx file carries about itself, by key.

    Raises:
        ValueError: it is no protocol buffer.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = {}
        for entry in _fields(data, (0, len(data)), _MODEL_METADATA):
            texts = dict(fields(data, entry))
            key, value = texts.get(_ENTRY_KEY), texts.get(_ENTRY_VALUE)
            if isinstance(key, tuple) and isinstance(value, tuple):
                found[data[slice(*key)].decode()] = data[slice(*value)].decode()
        return found


def _onnx_operators(data: mmap.mmap) -> Iterator[str]:
    for graph in _fields(data, (0, len(data)), _MODEL_GRAPH):
        for node in _fields(data, graph, _GRAPH_NODE):
            for start, end in _fields(data, node, _NODE_OP_TYPE):
                yield data[start:end].decode()


def _fields(data: mmap.mmap, span: tuple[int, int], wanted: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the length-delimited fields with the wanted number in a message."""
    for number, value in fields(data, span):
        if number == wanted and isinstance(value, tuple):
            yield value


def fields(data: mmap.mmap, span: tuple[int, int]) -> Iterator[tuple[int, int | tuple[int, int]]]:
    """Yield number and value of a protocol-buffer message's fields.

    A value is an integer, or the span of a length-delimited one; numbers of fixed length are
    left out.

    Raises:
        ValueError: the span holds no message.
    """
    position, end = span
    while position < end:
        tag, position = varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == 2:
            size, position = varint(data, position)
            if position + size > end:
                raise ValueError("the file ends early")
            yield number, (position, position + size)
            position += size
        elif wire == 0:
            value, position = varint(data, position)
            yield number, value
        elif wire in (1, 5):
            position += 8 if wire == 1 else 4
        else:
            raise ValueError("not a protocol buffer")


def packed(data: mmap.mmap, value: int | tuple[int, int]) -> list[int]:
    """Return the integers of one occurrence of a repeated field, packed or not."""
    if isinstance(value, int):
        return [value]
    found = []
    position, end = value
    while position < end:
        number, position = varint(data, position)
        found.append(number)
    return found


def varint(data: mmap.mmap, position: int) -> tuple[int, int]:
    """Return the integer at a position, and where it ends.

    Raises:
        ValueError: there is none.
    """
    value = shift = 0
    while True:
        if position >= len(data):
            raise ValueError("the file ends early")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > _MOST_SHIFT:
            raise ValueError("not a protocol buffer")


def _ort_operators(data: mmap.mmap) -> Iterator[str]:
    try:
        table = _u32(data, 0)
        for slot in (_SESSION_MODEL, _MODEL_GRAPH_SLOT):
            table = _follow(data, table, slot)
        nodes = _follow(data, table, _GRAPH_NODES)
        for i in range(_u32(data, nodes)):
            entry = nodes + 4 + 4 * i
            text = _follow(data, entry + _u32(data, entry), _NODE_OP_TYPE_SLOT)
            size = _u32(data, text)
            if size > _LONGEST_TYPE:
                raise ValueError("the name of an operator type is too long")
            yield data[text + 4 : text + 4 + size].decode()
    except struct.error as error:
        raise ValueError("the file ends early") from error


def _follow(data: mmap.mmap, table: int, slot: int) -> int:
    """Return the position that a table's offset field points to."""
    vtable = table - int(struct.unpack_from("<i", data, table)[0])
    field = table + int(struct.unpack_from("<H", data, vtable + 4 + 2 * slot)[0])
    return field + _u32(data, field)


def _u32(data: mmap.mmap, position: int) -> int:
    return int(struct.unpack_from("<I", data, position)[0])
