"""Write an .onnx file in order: large weights go from file to file, a little at a time."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import IO

import onnx
import onnx_ir as ir
from google.protobuf.message import Message

from edgekit.export.stored_weights import tensor as stored

# Field numbers of onnx.proto.
_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9

Weights = Mapping[str, ir.TensorProtocol]


def without_weights(model: ir.Model) -> tuple[onnx.ModelProto, dict[str, ir.TensorProtocol]]:
    """Return a model's protobuf that only names its large weights, and these by name.

    Args:
        model: it is left as it is, but that its constants are named as its values.
    """
    weights: dict[str, ir.TensorProtocol] = {}
    values = list(model.graph.initializers.values())
    for value in values:
        found = value.const_value
        if found is not None and _stays_out(found):
            weights[str(value.name)] = found
            value.const_value = ir.ExternalTensor(
                "",
                0,
                found.nbytes,
                found.dtype,
                shape=ir.Shape(found.shape.numpy()),
                name=str(value.name),
                doc_string=found.doc_string,
                metadata_props=dict(found.metadata_props),
            )
    try:
        return ir.to_proto(model), weights
    finally:
        put_back(model, weights)


def write(proto: onnx.ModelProto, weights: Weights, file: IO[bytes]) -> None:
    """Write a model in one piece, as protobuf's deterministic serialization of it is.

    Args:
        proto: it only names the weights.
        weights: by the names of the initializers; those that are not here are in ``proto``.
        file: what is written to.
    """
    parts = [(*_cut(each, weights), weights.get(each.name)) for each in proto.graph.initializer]
    before, after = _around(proto.graph, _INITIALIZER)
    prefixes = [_prefix(_INITIALIZER, _size(*part)) for part in parts]
    size = sum(map(len, prefixes)) + sum(_size(*part) for part in parts)
    first, last = _around(proto, _GRAPH)
    file.write(first + _prefix(_GRAPH, len(before) + size + len(after)) + before)
    for prefix, (head, tail, found) in zip(prefixes, parts, strict=True):
        file.write(prefix + head)
        if found is not None:
            file.write(_prefix(_RAW_DATA, found.nbytes))
            _copy(found, file)
        file.write(tail)
    file.write(after + last)


def content(proto: onnx.ModelProto, weights: Weights) -> bytes:
    """Return what `write` writes; large weights are copied once."""
    file = io.BytesIO()
    write(proto, weights, file)
    return file.getvalue()


def as_inputs(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose large weights are inputs, for libraries that would look at them."""
    if not any(map(_is_elsewhere, proto.graph.initializer)):
        return proto
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    del copy.graph.initializer[:]
    for tensor in proto.graph.initializer:
        if _is_elsewhere(tensor):
            copy.graph.input.append(
                onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
        else:
            copy.graph.initializer.add().CopyFrom(tensor)
    return copy


def _is_elsewhere(tensor: onnx.TensorProto) -> bool:
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def _stays_out(tensor: ir.TensorProtocol) -> bool:
    if isinstance(tensor, stored.StoredTensor):
        return True
    if isinstance(tensor, ir.TensorProtoTensor) and not tensor.raw.HasField("raw_data"):
        return False  # it is written as it was read
    return stored.is_large(int(tensor.dtype), list(tensor.shape.numpy()), tensor.nbytes)


def put_back(model: ir.Model, weights: Weights) -> None:
    """Give a model that only names its large weights these, in place."""
    for value in model.graph.initializers.values():
        found = weights.get(str(value.name))
        if found is not None:
            value.const_value = found


def _cut(tensor: onnx.TensorProto, weights: Weights) -> tuple[bytes, bytes]:
    """Return what comes before a tensor's numbers, and after; all of it where it has them."""
    if tensor.name not in weights:
        return _bytes(tensor), b""
    bare = onnx.TensorProto()
    bare.CopyFrom(tensor)
    for field in ("data_location", "external_data"):
        bare.ClearField(field)
    return _around(bare, _RAW_DATA)


def _around(message: Message, number: int) -> tuple[bytes, bytes]:
    """Return the fields of a message that come before one of them, and those after."""
    before, after = type(message)(), type(message)()
    before.CopyFrom(message)
    after.CopyFrom(message)
    for field, _ in message.ListFields():
        if field.number >= number:
            before.ClearField(field.name)
        if field.number <= number:
            after.ClearField(field.name)
    return _bytes(before), _bytes(after)


def _bytes(message: Message) -> bytes:
    return bytes(message.SerializeToString(deterministic=True))


def _copy(tensor: ir.TensorProtocol, file: IO[bytes]) -> None:
    if isinstance(tensor, stored.StoredTensor):
        tensor.tofile(file)
    else:
        file.write(tensor.tobytes())


def _size(head: bytes, tail: bytes, numbers: ir.TensorProtocol | None) -> int:
    size = len(head) + len(tail)
    return (
        size if numbers is None else size + len(_prefix(_RAW_DATA, numbers.nbytes)) + numbers.nbytes
    )


def _prefix(number: int, size: int) -> bytes:
    """Return what comes before a length-delimited field's content."""
    return _varint(number << 3 | 2) + _varint(size)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))
