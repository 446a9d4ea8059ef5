"""The quantizable graph: the form of a network that is calibrated, encoded and made integer.

It is the canonical graph after ``lowering.INTEGER``: standard ONNX operators, every node and value
named, equal input giving equal names. Encodings refer to those names, and both writers start
from it, so both files hold the same integers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import onnx_ir as ir
from onnx_ir.passes.common import DeduplicateInitializersPass, NameFixPass

from edgekit.export import lowering
from edgekit.export.graph import nodes as g
from edgekit.export.lowering.fuse_activation import FUSABLE, activation_of, clip_bounds
from edgekit.export.rewriting import rules
from edgekit.export.rewriting.choices import DEFAULT, Choices

LAYERS = ("Conv", "Gemm", "MatMul")
"""Operators with weights."""

SAME_SCALE = (
    "Concat", "Gather", "Identity", "Max", "MaxPool", "Min", "Pad", "Reshape", "Slice", "Split",
    "Transpose",
)  # fmt: skip
"""Operators that move, choose or join stored integers, so all that they touch has one encoding."""

_ARITHMETIC = (
    "Add", "Clip", "GlobalAveragePool", "LeakyRelu", "Mul", "Relu", "Sigmoid", "Softmax", "Sub",
    "Tanh",
)  # fmt: skip


def from_canonical(model: ir.Model, chosen: Choices = DEFAULT) -> ir.Model:
    """Return the quantizable graph of a canonical one, which is left as it is.

    Raises:
        UnknownNameError: ``lowering.INTEGER`` has no such optional rule.
    """
    graph = model.clone()
    rules.apply(graph, chosen.rules(lowering.INTEGER))
    DeduplicateInitializersPass()(graph)
    for node in graph.graph:
        node.name = node.name or f"{node.op_type}_{node.outputs[0].name or ''}".rstrip("_")
    NameFixPass()(graph)
    return graph


def digest(model: ir.Model) -> str:
    """Return the SHA-256 of a quantizable graph: structure, names and weights."""
    data = ir.to_proto(model).SerializeToString(deterministic=True)
    return hashlib.sha256(data).hexdigest()


def is_layer(node: ir.Node) -> bool:
    """Tell whether ``node`` is a convolution or fully connected layer with constant weights."""
    if not g.is_op(node, *LAYERS):
        return False
    weight = g.constant(node.inputs[1])
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    if weight is None or (has_bias and g.constant(node.inputs[2]) is None):
        return False
    if node.op_type == "Conv":
        return weight.ndim == 4
    get = node.attributes
    plain = get.get_float("alpha", 1.0) == get.get_float("beta", 1.0) == 1.0
    is_matrix = weight.ndim == 2 and len(g.shape_of(g.operand(node, 0))) == 2
    return is_matrix and plain and get.get_int("transA", 0) == 0


def output_axis(node: ir.Node) -> int:
    """Return the axis of the output channels in the weights of a layer."""
    return int(node.op_type != "Conv" and node.attributes.get_int("transB", 0) == 0)


def is_capable(node: ir.Node) -> bool:
    """Tell whether both runtimes can compute ``node`` on integers."""
    if is_layer(node):
        return True
    if g.is_op(node, "Clip"):
        low, high = clip_bounds(node)
        return low == low and high == high  # computed bounds are NaN
    if g.is_op(node, "Pad"):
        zero = g.scalar(node.inputs[2]) if len(node.inputs) > 2 and node.inputs[2] else 0.0
        return node.attributes.get_string("mode", "constant") == "constant" and zero == 0.0
    return g.is_op(node, *SAME_SCALE, *_ARITHMETIC)


def is_fused(value: ir.Value) -> bool:
    """Tell whether ``value`` never exists as such: the activation that alone reads it is fused.

    A clip whose bounds have no name in TFLite is not: where saturation does not perform it, it
    needs an input of its own.
    """
    producer, reader = value.producer(), g.sole_consumer(value)
    if producer is None or reader is None or not g.is_op(reader, "Relu", "Clip"):
        return False
    if value is not reader.inputs[0] or activation_of(reader) is None:
        return False
    return g.is_op(producer, *FUSABLE) and producer.op_type not in SAME_SCALE


def dynamic_inputs(node: ir.Node) -> Iterator[ir.Value]:
    """Yield the inputs of ``node`` that are no constants."""
    for value in node.inputs:
        if value is not None and g.constant(value) is None:
            yield value
