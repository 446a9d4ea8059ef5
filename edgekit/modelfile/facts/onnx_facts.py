"""Read the facts of an .onnx file's main graph.

A value that a DequantizeLinear makes of a stored one carries that one's integers and scales, so
that a rule sees weights the same way in both formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, TypeProto, helper, numpy_helper

from edgekit.errors import InvalidPathError, UnreadableModelError
from edgekit.files import reading
from edgekit.modelfile.facts.graph import GraphFacts, Node, Quantized, Value
from edgekit.modelfile.metadata import onnx_reading


def read(path: Path) -> GraphFacts:
    """Return the facts of an .onnx file; weights beside the file are not read.

    Raises:
        InvalidPathError: the file cannot be read.
        UnreadableModelError: this is no .onnx file, or it is damaged.
    """
    try:
        model = onnx.load_model_from_string(reading.content(path))
    except OSError as error:
        raise InvalidPathError(f"{path}: {error.strerror}") from error
    except Exception as error:  # protobuf's errors share no base class
        raise UnreadableModelError(f"{path}: this is no .onnx file: {error}") from error
    if not model.HasField("graph"):
        raise UnreadableModelError(f"{path}: this is no .onnx file: it holds no graph")
    try:
        return _facts(model)
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise UnreadableModelError(f"{path}: it is damaged: {error}") from error


def _facts(model: ModelProto) -> GraphFacts:
    graph = model.graph
    stored = {each.name: _constant(each) for each in graph.initializer}
    values = dict(stored)
    for info in (*graph.input, *graph.output, *graph.value_info):
        if info.name not in stored:
            values[info.name] = _declared(info.name, info.type)
    nodes = tuple(_node(number, node) for number, node in enumerate(graph.node))
    for node in nodes:
        if node.kind == "DequantizeLinear":
            _dequantized(node, values)
        for key in node.outputs:
            values.setdefault(key, Value(key, None, ""))
    return GraphFacts(
        format="onnx",
        values=values,
        nodes=nodes,
        inputs=tuple(each.name for each in graph.input if each.name not in stored),
        outputs=tuple(each.name for each in graph.output),
        describes_itself=any(each.key == onnx_reading.KEY for each in model.metadata_props),
    )


def _constant(tensor: TensorProto) -> Value:
    is_beside = tensor.data_location == TensorProto.EXTERNAL
    data = None if is_beside else numpy_helper.to_array(tensor)
    dtype = _dtype(tensor.data_type)
    return Value(tensor.name, tuple(tensor.dims), dtype, data, True, storage=tensor.name)


def _declared(name: str, kind: TypeProto) -> Value:
    tensor = kind.tensor_type
    shape = None
    if tensor.HasField("shape"):
        dims = tensor.shape.dim
        shape = tuple(each.dim_value if each.HasField("dim_value") else -1 for each in dims)
    return Value(name, shape, _dtype(tensor.elem_type))


def _dtype(number: int) -> str:
    return "" if number == TensorProto.UNDEFINED else helper.tensor_dtype_to_np_dtype(number).name


def _node(number: int, node: NodeProto) -> Node:
    return Node(
        number=number,
        name=node.name or (node.output[0] if node.output else node.op_type),
        kind=node.op_type,
        inputs=tuple(node.input),
        outputs=tuple(each for each in node.output if each),
        options={each.name: helper.get_attribute_value(each) for each in node.attribute},
    )


def _dequantized(node: Node, values: dict[str, Value]) -> None:
    source, quantized = values.get(node.inputs[0]), _quantized(node, values)
    if source is not None and quantized is not None and source.constant:
        values[node.outputs[0]] = replace(source, quantized=quantized)


def _quantized(node: Node, values: Mapping[str, Value]) -> Quantized | None:
    scale = values.get(node.inputs[1])
    if scale is None or scale.data is None:
        return None
    scales = np.asarray(scale.data, np.float64).ravel()
    zero = values.get(node.inputs[2]) if len(node.inputs) > 2 else None
    zeros = np.zeros(scales.size) if zero is None or zero.data is None else zero.data.ravel()
    axis = int(node.options.get("axis", 1))
    if axis < 0:
        axis += len(values[node.inputs[0]].shape or ())
    return Quantized(
        tuple(map(float, scales)), tuple(map(int, zeros)), axis if scales.size > 1 else 0
    )
