"""The integer form of an encoded graph in ONNX: QuantizeLinear and DequantizeLinear (QDQ).

Standard operators only: weights are int8 constants behind a DequantizeLinear, biases int32 ones,
and every encoded value passes through a pair. ONNX Runtime fuses the pairs with the operators
between them into its integer kernels; any other runtime computes the same in float32.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import encoded, quantizable
from edgekit.export import graph as g
from edgekit.export.encodings import Affine

_OPSET_INT16 = 21  # the first whose QuantizeLinear makes int16


def with_pairs(model: ir.Model, *, integer_io: bool = False) -> ir.Model:
    """Turn an encoded graph into plain ONNX, in place, and return it.

    Args:
        model: the encoded graph.
        integer_io: encoded inputs and outputs of the graph hold stored integers; else float32.
    """
    graph = model.graph
    outputs = [(value, value.name) for value in graph.outputs]
    for node in list(graph):
        if encoded.is_integer(node):
            dequantize_constants(node)
    for node in list(graph):
        if (node.domain, node.op_type) == ("edgekit", "Requantize"):
            _pass_through(node)
    add_pairs(model, integer_io=integer_io)
    for shown, (value, name) in zip(graph.outputs, outputs, strict=True):
        if shown is not value:
            value.name, shown.name = f"{name}_float", name
    return model


def add_pairs(model: ir.Model, *, integer_io: bool = False) -> None:
    """Put QuantizeLinear and DequantizeLinear after every encoded value, in place."""
    graph = model.graph
    bits = set()
    for value in [*graph.inputs, *(value for node in list(graph) for value in node.outputs)]:
        affine = encoded.affine_of(value)
        if affine is not None:
            _pair(graph, value, affine, integer_io=integer_io)
            bits.add(affine.bits)
    if 16 in bits:
        model.opset_imports[""] = _OPSET_INT16


def dequantize_constants(node: ir.Node) -> None:
    """Put a DequantizeLinear before each constant that ``node`` computes with."""
    affine = encoded.affine_of(node.inputs[0])
    if "scales" in node.meta:
        if affine is None:
            raise ValueError(f"the input of layer {g.label(node)!r} is not encoded")
        scales = np.asarray(node.meta["scales"], np.float32)
        axis = quantizable.output_axis(node)
        _dequantize_input(node, 1, scales, axis)
        _dequantize_input(node, 2, np.float32(affine.scale) * scales, 0)
        return
    if not g.is_op(node, "Add", "Sub", "Mul", "Max", "Min", "Concat"):
        return  # other constants are sizes, bounds and orders
    for index, value in enumerate(node.inputs):
        array = g.constant(value)
        if value is None or array is None:
            continue
        own = encoded.constant_affine(node, array)
        stored = g.add_constant(g.graph_of(node), f"{value.name}_quantized", own.store(array))
        node.replace_input_with(index, stored)
        scale, zero = np.float32(own.scale), np.array(own.zero_point, own.dtype)
        _dequantize_input(node, index, np.asarray(scale), 0, zero)


def _dequantize_input(
    node: ir.Node, index: int, scales: np.ndarray, axis: int, zero: np.ndarray | None = None
) -> None:
    """Put a DequantizeLinear between ``node`` and its constant input ``index``."""
    graph, stored = g.graph_of(node), g.operand(node, index)
    per_tensor = scales.size == 1
    name = stored.name or g.label(node)
    inputs = [
        stored,
        g.add_constant(graph, f"{name}_scale", scales.reshape(()) if per_tensor else scales),
    ]
    if zero is not None:
        inputs.append(g.add_constant(graph, f"{name}_zero_point", zero))
    attributes: dict[str, g.AttributeValue] = {} if per_tensor else {"axis": axis}
    real = g.insert(node, "DequantizeLinear", inputs, g.shape_of(stored), attributes)
    real.type = ir.TensorType(ir.DataType.FLOAT)
    node.replace_input_with(index, real)


def _pass_through(node: ir.Node) -> None:
    """A requantization is what the pair after it does: the node itself is an Identity."""
    shape = g.shape_of(node.outputs[0])
    g.replace(node, g.insert(node, "Identity", [g.operand(node, 0)], shape))


def _pair(graph: ir.Graph, value: ir.Value, affine: Affine, *, integer_io: bool) -> None:
    """Let every reader of ``value`` read it quantized and dequantized."""
    readers = list(value.uses())
    is_output, is_input = value.is_graph_output(), value.is_graph_input()
    scale = g.add_constant(graph, f"{value.name}_scale", np.array(affine.scale, np.float32))
    zero = g.add_constant(
        graph, f"{value.name}_zero_point", np.array(affine.zero_point, affine.dtype)
    )
    stored_type = ir.TensorType(ir.DataType.from_numpy(affine.dtype))
    shape, name = value.shape, value.name
    if is_input and integer_io:
        stored = value
        value.type = stored_type
        quantize = None
    else:
        quantize = ir.node("QuantizeLinear", [value, scale, zero], name=f"{name}_quantize")
        stored = quantize.outputs[0]
        stored.name, stored.shape, stored.type = f"{name}_quantized", shape, stored_type
    dequantize = ir.node("DequantizeLinear", [stored, scale, zero], name=f"{name}_dequantize")
    real = dequantize.outputs[0]
    real.name, real.shape, real.type = (
        f"{name}_dequantized",
        shape,
        ir.TensorType(ir.DataType.FLOAT),
    )
    new = [node for node in (quantize, dequantize) if node is not None]
    producer = value.producer()
    if producer is not None:
        graph.insert_after(producer, new)
    elif len(graph):
        graph.insert_before(graph[0], new)
    for use in readers:
        use.node.replace_input_with(use.idx, real)
    if is_output:
        shown = stored if integer_io else real
        for index, output in enumerate(graph.outputs):
            if output is value:
                graph.outputs[index] = shown
