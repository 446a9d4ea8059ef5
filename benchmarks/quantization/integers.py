"""How much of an int8 file is int8: the layers that kernels for integers can compute."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
from ai_edge_litert import schema_py_generated as schema

_FLOAT_LAYERS = ("Conv", "Gemm", "MatMul")
_INTEGER_LAYERS = ("ConvInteger", "MatMulInteger", "QGemm", "QLinearConv", "QLinearMatMul")
_ACTIVATIONS = ("Clip", "Relu")
_MOVES = ("Flatten", "Gather", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze")
_TFLITE_LAYERS = (
    schema.BuiltinOperator.CONV_2D,
    schema.BuiltinOperator.DEPTHWISE_CONV_2D,
    schema.BuiltinOperator.FULLY_CONNECTED,
)
_INTEGERS = (schema.TensorType.INT8, schema.TensorType.UINT8, schema.TensorType.INT16)


@dataclass(frozen=True)
class Layers:
    """Convolutions and fully connected layers of a file.

    Attributes:
        integer: those with quantized input and output.
        all: their number.
    """

    integer: int
    all: int


def count(path: Path) -> Layers:
    """Count the layers of an .onnx or .tflite file.

    A layer of an .onnx file counts as one for integers if its input is dequantized from, and its
    output quantized to, integers with a single scale: with a scale for each channel of an
    activation, sums over channels are no sums of integers, and no runtime has a kernel for it. A
    ReLU in between, operators that only move values, and an output that is the network's, are no
    hindrance.
    """
    return _tflite(path) if path.suffix == ".tflite" else _onnx(path)


def _onnx(path: Path) -> Layers:
    graph = onnx.load(path).graph
    sizes = {tensor.name: onnx.numpy_helper.to_array(tensor).size for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)

    def single(node: onnx.NodeProto | None, kind: str) -> bool:
        return node is not None and node.op_type == kind and sizes.get(node.input[1]) == 1

    def dequantized(name: str) -> bool:
        maker = makers.get(name)
        if maker is not None and maker.op_type in _MOVES:
            return dequantized(maker.input[0])
        return single(maker, "DequantizeLinear")

    def quantized(name: str) -> bool:
        return all(
            all(quantized(output) for output in user.output)
            if user.op_type in (*_ACTIVATIONS, *_MOVES)
            else single(user, "QuantizeLinear")
            for user in users.get(name, [])
        )

    layers = [node for node in graph.node if node.op_type in _FLOAT_LAYERS]
    ready = sum(node.op_type in _INTEGER_LAYERS for node in graph.node)
    integer = sum(dequantized(node.input[0]) and quantized(node.output[0]) for node in layers)
    return Layers(ready + integer, ready + len(layers))


def _tflite(path: Path) -> Layers:
    model = schema.Model.GetRootAs(path.read_bytes())
    graph = model.Subgraphs(0)
    operators = [graph.Operators(index) for index in range(graph.OperatorsLength())]
    layers = [
        operator
        for operator in operators
        if model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() in _TFLITE_LAYERS
    ]
    integer = sum(
        all(graph.Tensors(index).Type() in _INTEGERS for index in (node.Inputs(0), node.Outputs(0)))
        for node in layers
    )
    return Layers(integer, len(layers))
