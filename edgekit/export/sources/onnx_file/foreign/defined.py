"""Operators of the newest standard that it defines by others, before runtimes have them."""

from __future__ import annotations

from typing import Any

import onnx

KINDS = ("CausalConvWithState", "LinearAttention", "SwiGLU")
_DOMAIN = "edgekit.defined"


def define(proto: onnx.ModelProto, opset: int) -> None:
    """Make every node of these kinds a call of a function that holds its definition, in place.

    Args:
        proto: of known types and, where a definition needs them, shapes.
        opset: that it uses.
    """
    types = {
        value.name: value.type
        for value in (*proto.graph.input, *proto.graph.value_info, *proto.graph.output)
    }
    for tensor in proto.graph.initializer:
        made = onnx.helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
        types.setdefault(tensor.name, made)
    for number, node in enumerate(proto.graph.node):
        if node.op_type in KINDS and node.domain in ("", "ai.onnx"):
            function = _definition(node, opset, types)
            function.domain, function.name = _DOMAIN, f"{node.op_type}_{number}"
            proto.functions.append(function)
            node.domain, node.op_type = _DOMAIN, function.name
    if proto.functions and not any(entry.domain == _DOMAIN for entry in proto.opset_import):
        proto.opset_import.append(onnx.helper.make_opsetid(_DOMAIN, 1))


def _definition(
    node: onnx.NodeProto, opset: int, types: dict[str, onnx.TypeProto]
) -> onnx.FunctionProto:
    schema: Any = onnx.defs.get_schema(node.op_type, opset)  # whose stub lacks definitions
    given = {attribute.name for attribute in node.attribute}
    for name, attribute in schema.attributes.items():
        if name not in given and attribute.default_value.name:
            node.attribute.append(attribute.default_value)
    function = onnx.FunctionProto()
    if schema.has_function:
        function.CopyFrom(schema.function_body)
        return function
    known = [types.get(name, onnx.TypeProto()).SerializeToString() for name in node.input]
    made = schema.get_context_dependent_function(node.SerializeToString(), known)
    function.ParseFromString(made)
    return function
