"""The integer form of an encoded graph in ONNX: QuantizeLinear and DequantizeLinear (QDQ).

Standard operators only: weights are int8 constants behind a DequantizeLinear, biases int32 ones,
and every encoded value passes through a pair. ONNX Runtime fuses the pairs with the operators
between them into its integer kernels; any other runtime computes the same in float32.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of, is_integer, is_pixels
from edgekit.export.integer import encoded
from edgekit.export.onnx_writer import narrow_layers, plain

_BORDERS = MappingProxyType({"Take": "DequantizeLinear", "Give": "QuantizeLinear"})
"""What takes integers from outside, and what gives them there."""

_OPSET_INT16 = 21  # the first whose QuantizeLinear makes int16


def to_bytes(model: ir.Model, description: str, *, unsigned: bool = False) -> bytes:
    """Return the QDQ file of an encoded graph, which is used up.

    Args:
        model: the encoded graph.
        description: free text for the file's doc_string.
        unsigned: 8-bit activations are stored as uint8, 128 higher; for x86 processors whose
            integer kernels want them so.
    """
    graph = model.graph
    for node in list(graph):
        if node.domain == "edgekit" and node.op_type in _BORDERS:
            node.domain, node.op_type = "", _BORDERS[node.op_type]
    for node in list(graph):
        if is_integer(node):
            if narrow_layers.is_one(node):
                _keep_float(node)
            dequantize_constants(node, unsigned=unsigned)
        elif g.is_op(node, "Conv", "Gemm") and affine_of(node.inputs[0]) is not None:
            _keep_float(node)
    for node in list(graph):
        if (node.domain, node.op_type) == ("edgekit", "Requantize"):
            _pass_through(node)
    outputs = [(value, value.name) for value in graph.outputs]
    add_pairs(model, unsigned=unsigned)
    for shown, (value, name) in zip(graph.outputs, outputs, strict=True):
        if shown is not value:
            value.name, shown.name = f"{name}_float", name
    RemoveUnusedNodesPass()(model)
    return plain.to_bytes(model, description)


def add_pairs(model: ir.Model, *, unsigned: bool = False) -> None:
    """Put QuantizeLinear and DequantizeLinear after every encoded value, in place."""
    graph = model.graph
    bits = set()
    for value in [*graph.inputs, *(value for node in list(graph) for value in node.outputs)]:
        affine = affine_of(value)
        if affine is not None:
            _pair(graph, value, affine, unsigned=unsigned)
            bits.add(affine.bits)
    if 16 in bits:
        model.opset_imports[""] = _OPSET_INT16


def dequantize_constants(node: ir.Node, *, unsigned: bool = False) -> None:
    """Put a DequantizeLinear before each constant that ``node`` computes with."""
    affine = affine_of(node.inputs[0])
    if "scales" in node.meta:
        if affine is None:
            raise ValueError(f"the input of layer {g.label(node)!r} is not encoded")
        scales = np.asarray(node.meta["scales"], np.float32)
        axis = weight_layers.output_axis(node)
        # ONNX Runtime takes a Gemm for its integer kernel only if the zero points are spelled out.
        _dequantize_input(node, 1, scales, axis, np.zeros(scales.shape, np.int8))
        _dequantize_input(node, 2, np.float32(affine.scale) * scales, 0)
        return
    if not g.is_op(node, "Add", "Sub", "Mul", "Max", "Min", "Concat"):
        return  # other constants are sizes, bounds and orders
    for index, value in enumerate(node.inputs):
        array = g.constant(value)
        if value is None or array is None:
            continue
        own = encoded.constant_affine(node, value)
        name, codes = f"{value.name}_quantized", _shifted(own.store(array), unsigned=unsigned)
        node.replace_input_with(index, g.add_constant(g.graph_of(node), name, codes))
        zero = _shifted(np.array(own.zero_point, own.dtype), unsigned=unsigned)
        _dequantize_input(node, index, np.array(own.scale, np.float32), 0, zero)


def _shifted(codes: np.ndarray, *, unsigned: bool) -> np.ndarray:
    """Return int8 codes as uint8 ones that mean the same with a zero point 128 higher."""
    if not unsigned or codes.dtype != np.int8:
        return codes
    return np.asarray(codes.astype(np.int16) + 128, np.uint8)


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
        shape = scales.shape if not per_tensor else ()
        inputs.append(g.add_constant(graph, f"{name}_zero_point", zero.reshape(shape)))
    attributes: dict[str, g.AttributeValue] = {} if per_tensor else {"axis": axis}
    real = g.insert(node, "DequantizeLinear", inputs, g.shape_of(stored), attributes)
    real.type = ir.TensorType(ir.DataType.FLOAT)
    node.replace_input_with(index, real)


def _keep_float(node: ir.Node) -> None:
    """Let a maximum that changes nothing follow a layer between encoded values.

    ONNX Runtime (seen in 1.31.1) would store the weights of a layer between two pairs in int8,
    per tensor, or take its integer kernel; its patterns do not reach past a Max.
    """
    result = node.outputs[0]
    if result.is_graph_output() or not _is_rounded_next(result):
        return
    uses, name = list(result.uses()), result.name
    maximum = ir.node("Max", [result, _lowest(node)])
    kept = maximum.outputs[0]
    kept.shape, kept.type = result.shape, result.type
    result.name, kept.name = f"{name}_float", name
    if "affine" in result.meta:
        kept.meta["affine"] = result.meta.pop("affine")
    if is_integer(node):
        maximum.meta["integer"] = True
    g.graph_of(node).insert_after(node, maximum)
    for use in uses:
        use.node.replace_input_with(use.idx, kept)


def _is_rounded_next(value: ir.Value) -> bool:
    """Tell whether nothing but operators of one value lies between a value and its rounding."""
    if affine_of(value) is not None:
        return True
    reader = g.sole_consumer(value)
    if reader is None or len(set(weight_layers.dynamic_inputs(reader))) > 1:
        return False
    return any(_is_rounded_next(each) for each in reader.outputs)


def _lowest(node: ir.Node) -> ir.Value:
    return g.add_scalar(g.graph_of(node), "lowest", float(np.finfo(np.float32).min))


def _pass_through(node: ir.Node) -> None:
    """A requantization is what the pair after it does: the node itself is an Identity.

    After a Softmax it is a maximum that changes nothing: ONNX Runtime (seen in 1.31.1) makes one
    pair of two, with the range that both hold, and its integer Softmax wraps round beyond that.
    """
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    op_type, inputs = "Identity", [source]
    if g.is_op(source.producer(), "Softmax"):
        op_type, inputs = "Max", [source, _lowest(node)]
    passed = g.insert(node, op_type, inputs, shape)
    identity = passed.producer()
    if identity is not None:
        identity.meta["integer"] = True
    g.replace(node, passed)


def _pair(graph: ir.Graph, value: ir.Value, affine: Affine, *, unsigned: bool) -> None:
    """Let the readers of ``value`` read it quantized and dequantized.

    What is float32 to begin with is rounded for those readers alone that compute on integers.
    """
    producer = value.producer()
    made_integer = producer is not None and is_integer(producer)
    readers = [use for use in value.uses() if made_integer or is_integer(use.node)]
    is_output = value.is_graph_output() and made_integer
    zero_point = _shifted(np.array(affine.zero_point, affine.dtype), unsigned=unsigned)
    scale = g.add_constant(graph, f"{value.name}_scale", np.array(affine.scale, np.float32))
    zero = g.add_constant(graph, f"{value.name}_zero_point", zero_point)
    shape, name = value.shape, value.name
    pixels = producer.inputs[0] if producer is not None and is_pixels(value) and unsigned else None
    quantize = ir.node("QuantizeLinear", [value, scale, zero], name=f"{name}_quantize")
    stored = quantize.outputs[0] if pixels is None else pixels  # which are stored so already
    if pixels is None:
        stored.name, stored.shape = f"{name}_quantized", shape
        stored.type = ir.TensorType(ir.DataType.from_numpy(zero_point.dtype))
    dequantize = ir.node("DequantizeLinear", [stored, scale, zero], name=f"{name}_dequantize")
    real = dequantize.outputs[0]
    real.name, real.shape, real.type = (
        f"{name}_dequantized",
        shape,
        ir.TensorType(ir.DataType.FLOAT),
    )
    new = [quantize, dequantize] if pixels is None else [dequantize]
    if producer is not None:
        graph.insert_after(producer, new)
    elif len(graph):
        graph.insert_before(graph[0], new)
    for use in readers:
        use.node.replace_input_with(use.idx, real)
    if is_output:
        for index, output in enumerate(graph.outputs):
            if output is value:
                graph.outputs[index] = real
