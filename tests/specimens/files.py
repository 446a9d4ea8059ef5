"""Tiny model files for either runtime, written without the exporter."""

from __future__ import annotations

from pathlib import Path

import flatbuffers
import numpy as np
import onnx
from ai_edge_litert import schema_py_generated as schema

OPS = schema.BuiltinOperator


def tiny_onnx(path: Path, shape: tuple[int | str, ...] = (1, 3, 8, 8)) -> Path:
    """One convolution that sums the three channels into each of four."""
    weights = onnx.numpy_helper.from_array(np.ones((4, 3, 1, 1), np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Conv", ["x", "w"], ["y"])],
        "tiny",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, (shape[0], 4, 8, 8))],
        [weights],
    )
    opset = onnx.helper.make_opsetid("", 18)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def tiny_tflite(path: Path, operators: list[int]) -> Path:
    """A chain of operators with one input and one output, all float32 of shape (1, 4)."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers = 3, [schema.BufferT()]
    model.operatorCodes, model.subgraphs = [], [graph]
    graph.tensors, graph.operators = [], []
    graph.inputs, graph.outputs = [0], [len(operators)]
    for number in range(len(operators) + 1):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = f"t{number}".encode(), [1, 4], 0
        tensor.type = schema.TensorType.FLOAT32
        graph.tensors.append(tensor)
    for number, operator in enumerate(operators):
        code, node = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = operator, min(operator, 127), 1
        node.opcodeIndex, node.inputs, node.outputs = number, [number], [number + 1]
        model.operatorCodes.append(code)
        graph.operators.append(node)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path
