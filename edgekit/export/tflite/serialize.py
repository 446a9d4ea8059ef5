"""Pack a Program into the bytes of a .tflite file (schema version 3)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import IO

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.stored_weights import held_file
from edgekit.export.stored_weights.held_file import HeldFile
from edgekit.export.tflite import sparsity
from edgekit.export.tflite.program import Operator, Program, Quantization, Tensor

_ALIGNMENT_BYTES = 16  # force_align of Buffer.data in the schema; the runtime maps weights in place
_LEAST_BYTES = 1 << 20  # of a builder; amply for what is no constant
_BYTES_AROUND = 64  # of a constant in the file
_HELD_BYTES = 16 << 20  # of a file; what is smaller stays in memory
TYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "float32": "FLOAT32",
    "float16": "FLOAT16",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
}


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]  # the schema module is untyped
    """A buffer whose data keeps the alignment that the generated packer forgets."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802  # name given by flatbuffers
        """Write the buffer and return its offset."""
        if self.data is None:
            schema.BufferStart(builder)
            return int(schema.BufferEnd(builder))
        raw = self.data.reshape(-1).view(np.uint8)
        builder.StartVector(1, len(raw), _ALIGNMENT_BYTES)
        builder.head = builder.head - len(raw)
        builder.Bytes[builder.head : builder.head + len(raw)] = raw.data
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return int(schema.BufferEnd(builder))


def content(
    program: Program, description: str, metadata: Mapping[str, bytes] = MappingProxyType({})
) -> bytes | HeldFile:
    """Return the flatbuffer; equal programs give equal bytes. A large one is in an unnamed file.

    Args:
        program: the finished program.
        description: free text for the file's description field.
        metadata: entries of the file's metadata list, by name.
    """
    codes = sorted({(op.code, op.version) for op in program.operators})
    buffers = [AlignedBuffer()]  # buffer 0 is empty by convention
    tensors = [_tensor(tensor, buffers) for tensor in program.tensors]
    subgraph = schema.SubGraphT()
    subgraph.name = "main"
    subgraph.tensors = tensors
    subgraph.inputs = program.inputs
    subgraph.outputs = program.outputs
    subgraph.operators = [_operator(op, codes) for op in program.operators]

    model = schema.ModelT()
    model.version = 3
    model.description = description
    model.operatorCodes = [_code(name, version) for name, version in codes]
    model.subgraphs = [subgraph]
    model.metadata = [_metadata(name, data, buffers) for name, data in metadata.items()] or None
    model.buffers = buffers
    model.signatureDefs = [_signature(program)]
    # A builder that grows holds what it has twice.
    constants_bytes = sum(
        t.data.nbytes + _BYTES_AROUND for t in program.tensors if t.data is not None
    )
    builder = flatbuffers.Builder(_LEAST_BYTES + constants_bytes)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    packed = memoryview(builder.Bytes)[builder.Head() :]
    if len(packed) < _HELD_BYTES:
        return bytes(packed)
    return held_file.made(lambda file: _written(packed, file))


def _written(content: memoryview, file: IO[bytes]) -> None:
    file.write(content)


def _tensor(tensor: Tensor, buffers: list[AlignedBuffer]) -> schema.TensorT:
    packed = schema.TensorT()
    packed.name = tensor.name
    packed.shape = list(tensor.shape)
    packed.type = getattr(schema.TensorType, TYPES[tensor.dtype.name])
    packed.buffer = 0
    packed.hasRank = True
    if tensor.quantization is not None:
        packed.quantization = _quantization(tensor.quantization)
    if tensor.data is not None:
        buffer = AlignedBuffer()
        buffer.data = tensor.data.view() if tensor.data.ndim else tensor.data.reshape(1)
        if tensor.is_sparse:
            buffer.data, packed.sparsity = sparsity.rows(tensor.data)
        buffers.append(buffer)
        packed.buffer = len(buffers) - 1
    return packed


def _quantization(given: Quantization) -> schema.QuantizationParametersT:
    packed = schema.QuantizationParametersT()
    # Arrays are written whole, lists number by number.
    packed.scale = np.array(given.scales, "<f4")
    packed.zeroPoint = np.full(len(given.scales), given.zero_point, "<i8")
    packed.quantizedDimension = given.axis
    return packed


def _operator(operator: Operator, codes: list[tuple[str, int]]) -> schema.OperatorT:
    packed = schema.OperatorT()
    packed.opcodeIndex = codes.index((operator.code, operator.version))
    packed.inputs = list(operator.inputs)
    packed.outputs = list(operator.outputs)
    if operator.options is not None:
        options = getattr(schema, f"{operator.options}T")()
        for field, value in operator.values.items():
            if not hasattr(options, field):
                raise ValueError(f"{operator.options} has no field {field!r}")
            setattr(options, field, list(value) if isinstance(value, tuple) else value)
        packed.builtinOptions = options
        packed.builtinOptionsType = getattr(schema.BuiltinOptions, operator.options)
    return packed


def _metadata(name: str, data: bytes, buffers: list[AlignedBuffer]) -> schema.MetadataT:
    buffer = AlignedBuffer()
    buffer.data = np.frombuffer(data, np.uint8)
    buffers.append(buffer)
    packed = schema.MetadataT()
    packed.name, packed.buffer = name, len(buffers) - 1
    return packed


def _code(name: str, version: int) -> schema.OperatorCodeT:
    number = getattr(schema.BuiltinOperator, name)
    packed = schema.OperatorCodeT()
    # Readers older than the 32-bit field look at the 8-bit one, whose last value means "see there".
    packed.deprecatedBuiltinCode = min(number, 127)
    packed.builtinCode = number
    packed.version = version
    return packed


def _signature(program: Program) -> schema.SignatureDefT:
    signature = schema.SignatureDefT()
    signature.signatureKey = "serving_default"
    signature.subgraphIndex = 0
    signature.inputs = [_named(program, number) for number in program.inputs]
    signature.outputs = [_named(program, number) for number in program.outputs]
    return signature


def _named(program: Program, number: int) -> schema.TensorMapT:
    entry = schema.TensorMapT()
    entry.name = program.tensors[number].name
    entry.tensorIndex = number
    return entry
