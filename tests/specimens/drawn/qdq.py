"""Tiny int8 model files of either format, written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import TensorProto, helper, numpy_helper

CHANNELS, SIDE = 16, 4
INPUT_SCALE, WEIGHT_SCALE = 0.01, 0.02
LOUD, QUIET = 127, 63
"""Weights whose pairs of products overflow 16 bits (2 * 255 * 127 > 32767), and whose do not."""


def chain(
    path: Path, weights: Mapping[str, int], dtype: str = "int8", operator: str = "Conv"
) -> Path:
    """A chain of layers in QDQ form; each gives about the mean of its inputs.

    Args:
        path: of the .onnx file.
        weights: node name to the largest of the layer's weights; the others are a little less.
        dtype: of the activations, int8 or uint8; both store reals from 0 on.
        operator: Conv, Gemm or MatMul; a Conv is followed by a Relu.
    """
    zero = np.array(0 if dtype == "uint8" else -128, dtype)
    shape = (1, CHANNELS, SIDE, SIDE) if operator == "Conv" else (1, CHANNELS)
    nodes, constants = [], {"zero": zero, "weight_scale": np.float32(WEIGHT_SCALE)}
    scale, value = INPUT_SCALE, "x"

    def pair(name: str, of: str, step: float) -> str:
        constants[f"{name}_scale"] = np.float32(step)
        inputs = [f"{name}_scale", "zero"]
        nodes.append(helper.make_node("QuantizeLinear", [of, *inputs], [f"{name}_q"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{name}_q", *inputs], [f"{name}_d"]))
        return f"{name}_d"

    value = pair("x", value, scale)
    for name, weight in weights.items():
        kernel = (1, 1) if operator == "Conv" else ()
        number = np.arange(CHANNELS) // 4
        values = (weight - number[:, None] - number).astype(np.int8)
        constants[f"{name}_w"] = values.reshape(*values.shape, *kernel)
        nodes.append(
            helper.make_node("DequantizeLinear", [f"{name}_w", "weight_scale"], [f"{name}_wd"])
        )
        nodes.append(helper.make_node(operator, [value, f"{name}_wd"], [f"{name}_y"], name=name))
        made = f"{name}_y"
        if operator == "Conv":
            nodes.append(helper.make_node("Relu", [made], [f"{name}_r"]))
            made = f"{name}_r"
        scale *= gain(weight)
        value = pair(name, made, scale)
    nodes[-1].output[0] = "y"
    return save(path, nodes, constants, {"x": ("float32", shape)}, ["y"])


def gain(weight: int) -> float:
    """The scale of a layer's output, as a multiple of that of its input."""
    return WEIGHT_SCALE * CHANNELS * weight


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: Mapping[str, np.ndarray],
    inputs: Mapping[str, tuple[str, tuple[int, ...]]],
    outputs: list[str],
) -> Path:
    """Write a graph; the types of its outputs are inferred."""
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
            )
            for name, (dtype, shape) in inputs.items()
        ],
        [helper.make_tensor_value_info(name, TensorProto.UNDEFINED, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def feeds(count: int, *shape: int, seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Inputs for `chain`: most of them in the upper half of its range."""
    generator = np.random.default_rng(seed)
    size = shape or (1, CHANNELS, SIDE, SIDE)
    return [
        {"x": generator.uniform(150, 255, size).astype(np.float32) * np.float32(INPUT_SCALE)}
        for _ in range(count)
    ]


def tflite_conv(path: Path, *, float_output: bool = False) -> Path:
    """One int8 1x1 convolution of random weights, and perhaps a DEQUANTIZE after it."""
    generator = np.random.default_rng(0)
    weights = generator.integers(-127, 128, (CHANNELS, 1, 1, CHANNELS), np.int8)
    bias = generator.integers(-1000, 1000, CHANNELS, np.int32)
    area = [1, SIDE, SIDE, CHANNELS]
    kinds = schema.TensorType
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.buffers = [schema.BufferT(), _buffer(weights), _buffer(bias)]
    graph.tensors = [
        _tensor("x", area, kinds.INT8, 0, 0.05, 3),
        _tensor("w", [*weights.shape], kinds.INT8, 1, 0.01, 0),
        _tensor("b", [*bias.shape], kinds.INT32, 2, 0.05 * 0.01, 0),
        _tensor("y", area, kinds.INT8, 0, 0.25, -5),
        _tensor("real", area, kinds.FLOAT32, 0, None, 0),
    ]
    conv = _operator(0, [0, 1, 2], [3])
    conv.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    conv.builtinOptions = schema.Conv2DOptionsT()
    conv.builtinOptions.strideW = conv.builtinOptions.strideH = 1
    conv.builtinOptions.padding = schema.Padding.VALID
    conv.builtinOptions.dilationWFactor = conv.builtinOptions.dilationHFactor = 1
    graph.operators = [conv, _operator(1, [3], [4])][: 2 if float_output else 1]
    graph.inputs, graph.outputs = [0], [4 if float_output else 3]
    ops = schema.BuiltinOperator
    model.operatorCodes = [_code(ops.CONV_2D, 3), _code(ops.DEQUANTIZE, 2)]
    model.version, model.subgraphs = 3, [graph]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _buffer(values: np.ndarray) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    return buffer


def _tensor(
    name: str, shape: list[int], kind: int, buffer: int, scale: float | None, zero: int
) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), shape, kind, buffer
    if scale is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [scale], [zero]
    return tensor


def _operator(code: int, inputs: list[int], outputs: list[int]) -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
    return operator


def _code(operator: int, version: int) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = version
    return code
