"""Weights as int8, inputs quantized when the layer runs: integer arithmetic without sample data.

Each layer finds the range of its own input, in every inference. In a .tflite file the layers are
"hybrid": float32 outside, int8 weights with one scale an output channel. In an .onnx file they
are DynamicQuantizeLinear, ConvInteger or MatMulInteger, and the scales in float32.

Depthwise convolutions, permutations, and what is no layer of an integer file keep float32
arithmetic and get int8 weights only: the XNNPACK delegate takes no hybrid depthwise convolution,
which would split the network, and there is little arithmetic to win in them. Runtimes older than
LiteRT refuse the fully connected layer of such a .tflite file by its version: they would read one
scale where there is one for each output channel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.precisions import constants, stored

_SHIFT = 128  # weights as uint8: pairs of uint8 by int8 products saturate on processors before VNNI


def in_tflite(model: ir.Model) -> None:
    """Note int8 on every layer, and which of them compute on integers, in place."""
    for node, weight in stored.layers(model):
        form = stored.per_channel(node, weight)
        stored.note(node, replace(form, dynamic=computes_on_integers(node)))


def in_onnx(model: ir.Model) -> None:
    """Store the weights as integers, and put integer operators in the place of layers."""
    in_tflite(model)
    constants.put_back_all(model)
    _replace_inputs(model, _integer_layer)


def simulate(model: ir.Model) -> None:
    """Let every layer that computes on integers read its input quantized and dequantized."""
    _replace_inputs(model, _rounded_input)


def computes_on_integers(node: ir.Node) -> bool:
    """Tell whether a layer of this precision is an integer one."""
    weight = g.constant(node.inputs[1])
    if weight is None or not weight_layers.is_layer(node):
        return False
    axis = weight_layers.output_axis(node)
    rows = np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1)
    if (np.count_nonzero(rows, axis=1) <= 1).all():
        return False  # it only moves values, as a permutation written as a convolution does
    is_grouped = node.op_type == "Conv" and node.attributes.get_int("group", 1) > 1
    return not (is_grouped and weight.shape[1] == 1)


def _replace_inputs(model: ir.Model, change: Callable[[ir.Node, Sequence[ir.Value]], None]) -> None:
    """Call ``change`` with each integer layer and its quantized input, made once a value."""
    quantized: dict[ir.Value, Sequence[ir.Value]] = {}
    for node, weight in stored.layers(model):
        form = stored.of(node) or replace(stored.per_channel(node, weight), dynamic=True)
        if form.dynamic and computes_on_integers(node):
            source = g.operand(node, 0)
            if source not in quantized:
                quantized[source] = _quantize(node, source)
            change(node, quantized[source])


def _quantize(anchor: ir.Node, source: ir.Value) -> Sequence[ir.Value]:
    """Insert DynamicQuantizeLinear; return the stored values, their scale and zero point."""
    node = ir.node("DynamicQuantizeLinear", [source], num_outputs=3)
    types = (ir.DataType.UINT8, ir.DataType.FLOAT, ir.DataType.UINT8)
    shapes: tuple[tuple[int, ...], ...] = (g.shape_of(source), (), ())
    for output, kind, shape in zip(node.outputs, types, shapes, strict=True):
        output.type, output.shape = ir.TensorType(kind), ir.Shape(shape)
    g.graph_of(anchor).insert_before(anchor, node)
    return node.outputs


def _rounded_input(node: ir.Node, quantized: Sequence[ir.Value]) -> None:
    real = g.insert(node, "DequantizeLinear", list(quantized), g.shape_of(quantized[0]))
    real.type = ir.TensorType(ir.DataType.FLOAT)
    node.replace_input_with(0, real)


def _integer_layer(node: ir.Node, quantized: Sequence[ir.Value]) -> None:
    """Put integer arithmetic, the scales and the bias in the place of a layer."""
    form, weight = stored.of(node), g.constant(node.inputs[1])
    if form is None or form.scales is None or weight is None:
        raise ValueError(f"{g.label(node)!r} has no int8 weights")
    graph, shape, axis = (
        g.graph_of(node),
        g.shape_of(node.outputs[0]),
        weight_layers.output_axis(node),
    )
    values, scale, zero = quantized
    is_conv = node.op_type == "Conv"
    codes = (form.store(weight, axis).astype(np.int16) + _SHIFT).astype(np.uint8)
    name = g.operand(node, 1).name
    integers = ir.node(
        "ConvInteger" if is_conv else "MatMulInteger",
        [
            values,
            g.add_constant(graph, f"{name}_uint8", codes if is_conv or axis == 1 else codes.T),
            zero,
            g.add_constant(graph, f"{name}_zero_point", np.array(_SHIFT, np.uint8)),
        ],
        attributes=dict(node.attributes) if is_conv else {},
    )
    (total,) = integers.outputs
    total.type, total.shape = ir.TensorType(ir.DataType.INT32), ir.Shape(shape)
    graph.insert_before(node, integers)
    lift = (-1, 1, 1) if is_conv else (-1,)
    own = form.scales.reshape(lift)
    factor = g.insert(node, "Mul", [scale, g.add_constant(graph, f"{name}_scale", own)], own.shape)
    real = constants.cast(node, total, ir.DataType.FLOAT)
    result = g.insert(node, "Mul", [real, factor], shape)
    bias = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    if bias is not None:
        term = bias.reshape(lift) if is_conv else bias
        added = [result, g.add_constant(graph, f"{g.label(node)}_bias", term)]
        result = g.insert(node, "Add", added, shape)
    g.replace(node, result)


FORMS = MappingProxyType({"onnx": in_onnx, "tflite": in_tflite})
"""The transform of each format's lowered graph."""
