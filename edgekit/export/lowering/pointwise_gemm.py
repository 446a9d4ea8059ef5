"""Gemms between two reshapes of a 1x1 map become 1x1 convolutions, and the reshapes go.

This is the shape of every squeeze-and-excite or dynamic-coefficient branch that was written
with fully connected layers: pool, flatten, Gemm, activation, Gemm, activation, unflatten.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_UNARY = ("Relu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "LeakyRelu")


def rewrite(node: ir.Node) -> bool:
    """Match the closing Reshape, (N, K) to (N, K, 1, 1)."""
    if not g.is_op(node, "Reshape"):
        return False
    flat = g.operand(node, 0)
    shape = g.shape_of(node.outputs[0])
    if shape != (*g.shape_of(flat), 1, 1):
        return False
    branch = _branch(flat)
    if branch is None:
        return False
    opening, steps = branch
    value = g.operand(opening, 0)
    for step in steps:
        value = _spatial(step, node, value)
    g.replace(node, value)
    return True


def _branch(flat: ir.Value) -> tuple[ir.Node, list[ir.Node]] | None:
    """Walk back from ``flat`` to the opening Reshape; None if anything else is met."""
    steps: list[ir.Node] = []
    value = flat
    while True:
        step = value.producer()
        if step is None or g.sole_consumer(value) is None:
            return None
        if g.is_op(step, "Reshape"):
            source = g.operand(step, 0)
            is_opening = g.shape_of(source) == (*g.shape_of(value), 1, 1)
            return (step, steps) if is_opening else None
        if not (_is_plain_gemm(step) or g.is_op(step, *_UNARY) or _adds_or_scales(step)):
            return None
        steps.insert(0, step)
        value = g.operand(step, 0)


def _is_plain_gemm(node: ir.Node) -> bool:
    """Tell whether it is a layer; `canonical_gemm` and `gemm_as_matmul` see to its factors.

    No other operator has ``transB``.
    """
    is_turned = node.attributes.get_int("transB", 0) == 1
    return is_turned and g.constant(node.inputs[1]) is not None


def _adds_or_scales(node: ir.Node) -> bool:
    return g.is_op(node, "Add", "Mul") and g.constant(node.inputs[1]) is not None


def _spatial(step: ir.Node, anchor: ir.Node, value: ir.Value) -> ir.Value:
    """Insert the 1x1-map form of ``step`` applied to ``value``."""
    graph = g.graph_of(step)
    shape = (*g.shape_of(step.outputs[0]), 1, 1)
    others = list(step.inputs[1:])
    attributes = dict(step.attributes)
    if step.op_type == "Gemm":
        weight = g.constant(step.inputs[1])
        if weight is None:
            raise ValueError("a matched Gemm has constant weights")
        name = g.operand(step, 1).name or "weight"
        others[0] = g.add_constant(graph, f"{name}_1x1", weight[:, :, None, None])
        node = ir.node(
            "Conv", [value, *others], attributes={"kernel_shape": (1, 1)}, name=step.name
        )
    else:
        if g.is_op(step, "Add", "Mul"):
            others[0] = _lift(graph, g.operand(step, 1))
        node = ir.node(step.op_type, [value, *others], attributes=attributes, name=step.name)
    node.outputs[0].shape, node.outputs[0].type = ir.Shape(shape), value.type
    graph.insert_before(anchor, node)
    return node.outputs[0]


def _lift(graph: ir.Graph, value: ir.Value) -> ir.Value:
    """Give a constant that broadcast against (N, K) the axes to broadcast against NCHW."""
    array = g.constant(value)
    if array is None:
        return value
    return g.add_constant(graph, f"{value.name}_1x1", np.asarray(array)[..., None, None])
