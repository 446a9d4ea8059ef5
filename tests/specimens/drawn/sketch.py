"""Draw a .tflite graph by hand, operator by operator, as no exporter would write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.stored_weights import held_file
from edgekit.export.tflite import serialize
from edgekit.export.tflite.program import OptionValue, Program, Quantization

RELU6 = 3  # ActivationFunctionType
_SAME, _VALID = 0, 1  # Padding


class Sketch:
    """A graph with one image input of ``side`` x ``side`` pixels, NHWC."""

    def __init__(
        self, side: int, channels: int, dtype: str = "float32", scale: float | None = None
    ) -> None:
        self.program = Program()
        given = None if scale is None else Quantization((scale,))
        self.image = self.program.add_tensor("x", (1, side, side, channels), np.dtype(dtype), given)
        self.program.inputs.append(self.image)
        self.copies = 0

    def shape(self, tensor: int) -> tuple[int, ...]:
        return self.program.tensors[tensor].shape

    def constant(
        self,
        values: np.ndarray,
        quantization: Quantization | None = None,
        *,
        is_copy: bool = False,
    ) -> int:
        """Store a constant; a copy is stored once more though it is there."""
        number = self.program.add_constant(f"c{len(self.program.tensors)}", values, quantization)
        if not is_copy:
            return number
        self.copies += 1
        stored = replace(self.program.tensors[number], name=f"copy{self.copies}")
        self.program.tensors.append(stored)
        return len(self.program.tensors) - 1

    def op(
        self,
        code: str,
        inputs: Sequence[int],
        shape: Sequence[int] | None = None,
        options: str | None = None,
        version: int = 1,
        dtype: str | None = None,
        scale: float | None = None,
        **values: OptionValue,
    ) -> int:
        """Add an operator; its result has the shape, type and scale of its first input."""
        first = self.program.tensors[inputs[0]]
        quantization = first.quantization if scale is None else Quantization((scale,))
        if dtype == "float32":
            quantization = None
        result = self.program.add_tensor(
            f"t{len(self.program.tensors)}",
            first.shape if shape is None else shape,
            first.dtype if dtype is None else np.dtype(dtype),
            quantization,
        )
        self.program.add_operator(code, inputs, [result], options, values, version=version)
        return result

    def conv(
        self,
        source: int,
        weights: int,
        bias: int,
        *,
        activation: int = 0,
        is_valid: bool = False,
        scale: float | None = None,
    ) -> int:
        """A convolution of stride 1."""
        out, height = self.shape(weights)[:2]
        side = self.shape(source)[1] - (height - 1 if is_valid else 0)
        return self.op(
            "CONV_2D", [source, weights, bias], (1, side, side, out), "Conv2DOptions", 3,
            None, scale, strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1,
            padding=_VALID if is_valid else _SAME, fusedActivationFunction=activation,
        )  # fmt: skip

    def plain_conv(
        self, source: int, kernel: int = 1, *, seed: int = 0, activation: int = 0
    ) -> int:
        """A float convolution that keeps the number of channels."""
        channels = self.shape(source)[-1]
        draw = np.random.default_rng(seed).standard_normal
        weights = draw((channels, kernel, kernel, channels), np.float32) / channels
        zeros = self.constant(np.zeros(channels, np.float32))
        return self.conv(source, self.constant(weights), zeros, activation=activation)

    def pad(self, source: int) -> int:
        """One row of zeros around the map."""
        _, height, width, channels = self.shape(source)
        sizes = self.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        shape = (1, height + 2, width + 2, channels)
        return self.op("PAD", [source, sizes], shape, "PadOptions")

    def done(self, result: int) -> bytes:
        self.program.outputs.append(result)
        return held_file.whole(serialize.content(self.program, "drawn by hand"))


def edited(content: bytes) -> schema.ModelT:
    """Read a file to change it."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))


def packed(model: schema.ModelT) -> bytes:
    """Write a changed file; its stored arrays keep their alignment."""
    for number, old in enumerate(model.buffers):
        buffer = serialize.AlignedBuffer()
        buffer.data = None if old.data is None or len(old.data) == 0 else np.asarray(old.data)
        model.buffers[number] = buffer
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def sparse(content: bytes) -> bytes:
    """Store every float 1x1 weight as its rows' nonzero elements, with a DENSIFY."""
    model = edited(content)
    graph = model.subgraphs[0]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DENSIFY
    code.version = 1
    model.operatorCodes.append(code)
    made = []
    for node in graph.operators:
        kind = model.operatorCodes[node.opcodeIndex].builtinCode
        weights = graph.tensors[node.inputs[1]] if len(node.inputs) > 1 else None
        if kind == schema.BuiltinOperator.CONV_2D and list(weights.shape)[1:3] == [1, 1]:
            matrix = np.asarray(model.buffers[weights.buffer].data).view(np.float32)
            matrix = matrix.reshape(weights.shape[0], -1)
            dense = schema.TensorT()
            vars(dense).update(vars(weights))
            dense.name, dense.buffer = "dense", 0
            graph.tensors.append(dense)
            weights.sparsity = _rows(matrix)
            stored = np.ascontiguousarray(matrix[matrix != 0])
            model.buffers[weights.buffer].data = stored.view(np.uint8)
            densify = schema.OperatorT()
            densify.opcodeIndex = len(model.operatorCodes) - 1
            densify.inputs, densify.outputs = [node.inputs[1]], [len(graph.tensors) - 1]
            densify.builtinOptionsType = schema.BuiltinOptions.DensifyOptions
            densify.builtinOptions = schema.DensifyOptionsT()
            made.append(densify)
            node.inputs = [node.inputs[0], len(graph.tensors) - 1, *list(node.inputs)[2:]]
        made.append(node)
    graph.operators = made
    return packed(model)


def _rows(matrix: np.ndarray) -> schema.SparsityParametersT:
    found, dimensions = schema.SparsityParametersT(), []
    found.traversalOrder, found.blockMap = [0, 1, 2, 3], []
    for size in (matrix.shape[0], 1, 1):
        dimension = schema.DimensionMetadataT()
        dimension.format, dimension.denseSize = schema.DimensionType.DENSE, size
        dimensions.append(dimension)
    last = schema.DimensionMetadataT()
    last.format, last.denseSize = schema.DimensionType.SPARSE_CSR, 0
    last.arraySegmentsType = schema.SparseIndexVector.Int32Vector
    last.arraySegments = schema.Int32VectorT()
    last.arraySegments.values = [0, *np.cumsum((matrix != 0).sum(axis=1)).tolist()]
    last.arrayIndicesType = schema.SparseIndexVector.Uint16Vector
    last.arrayIndices = schema.Uint16VectorT()
    last.arrayIndices.values = np.nonzero(matrix)[1].tolist()
    found.dimMetadata = [*dimensions, last]
    return found
