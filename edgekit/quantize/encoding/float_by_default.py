"""Nodes that stay float32 unless someone asks for them: boxes, attention, divisors, dear sums.

A box is arithmetic on positions: one step of a scale that reaches over the whole image is more than
a detection can stand. The softmax of attention lies between two products of activations, which are
float32 themselves: integers in between would only be rounded, and no delegate takes them.
A divisor, or what a root or a logarithm is taken of, is kept from zero by a number far below one
step of its range, and small ones decide the result. Sums of products stay float32 where that is
cheaper; see `edgekit.quantize.encoding.dear_arithmetic`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable
from edgekit.quantize.encoding import dear_arithmetic

_HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN", "Attention")
_TAKE_APART = ("Split", "Slice", "Gather")
_ARITHMETIC = ("Add", "Sub", "Mul", "Div")
_STEEP = ("Log", "Pow", "Reciprocal", "Sqrt")
_GUARDS = ("Add", "Clip", "Max")
_BEFORE_GUARDS = (
    "GlobalAveragePool", "Identity", "Mul", "ReduceMean", "ReduceSum", "Reshape", "Transpose",
)  # fmt: skip
_BETWEEN = (*_ARITHMETIC, "Clip", "Identity", "Reshape", "Softmax", "Transpose", "Where")


def of(model: ir.Model) -> tuple[list[str], list[str]]:
    """Return the names of these nodes, and a line for each kind of them that says so.

    Args:
        model: a quantizable graph.
    """
    boxes, attention, divisors = _detection(model), _attention(model), _divisors(model)
    known = {*boxes, *attention, *divisors}
    dear = [node for node in dear_arithmetic.of(model) if node not in known]
    lines = []
    if boxes:
        lines.append(
            f"the boxes stay float32, {len(boxes)} operators from {g.label(boxes[0])} on: their "
            "positions do not bear rounding; --operators takes what you name"
        )
    if attention:
        count = sum(g.is_op(node, "Softmax") for node in attention)
        lines.append(
            f"the softmax of {count} attention{'' if count == 1 else 's'} stays float32, between "
            "products that have no integer form; --operators takes what you name"
        )
    if divisors:
        lines.append(
            f"what leads to a divisor, a root or a logarithm stays float32, {len(divisors)} "
            f"operators from {g.label(divisors[0])} on: near zero their steps decide the result; "
            "--operators takes what you name"
        )
    if dear:
        lines.append(
            f"sums of products stay float32, {len(dear)} operators from {g.label(dear[0])} on: "
            "converting what they read and make costs less than their arithmetic on integers; "
            "--operators takes what you name"
        )
    return [str(node.name) for node in (*boxes, *attention, *divisors, *dear)], lines


def _detection(model: ir.Model) -> list[ir.Node]:
    """Return the head of a detector: its last layers, and all that is computed of their results.

    A network is a detector if what follows its last layers takes their results apart and computes
    with an exponential, or with constants that differ from place to place: grids and anchors.
    """
    tail = _tail(model)
    behind = [node for node in tail if not _is_heavy(node)]
    if not any(g.is_op(node, *_TAKE_APART) for node in behind):
        return []
    if not any(g.is_op(node, "Exp") or _has_positions(node) for node in behind):
        return []
    return [node for node in tail if quantizable.is_capable(node)]


def _attention(model: ir.Model) -> list[ir.Node]:
    """Return what lies between the two products of each attention, its softmax included."""
    found: dict[ir.Node, None] = {}
    for node in model.graph:
        if not _is_product_of_activations(node):
            continue
        between = list(_before(node.inputs[0]))
        if any(g.is_op(each, "Softmax") for each in between):
            found.update(dict.fromkeys(between))
    return [node for node in model.graph if node in found and quantizable.is_capable(node)]


def _divisors(model: ir.Model) -> list[ir.Node]:
    """Return what keeps a divisor from zero, and the means and squares that it is added to."""
    found: dict[ir.Node, None] = {}
    for node in model.graph:
        steep = g.operand(node, 1) if g.is_op(node, "Div") else None
        if g.is_op(node, *_STEEP) and not _is_power_above_one(node):
            steep = g.operand(node, 0)
        leading = [] if steep is None else list(_before_steep(steep))
        if any(g.is_op(each, *_GUARDS) for each in leading):
            found.update(dict.fromkeys(leading))
    return [node for node in model.graph if node in found and quantizable.is_capable(node)]


def _is_power_above_one(node: ir.Node) -> bool:
    exponent = g.constant(node.inputs[1]) if g.is_op(node, "Pow") else None
    return exponent is not None and bool((exponent >= 1).all())


def _before_steep(value: ir.Value) -> Iterator[ir.Node]:
    """Yield what makes a value of one other, back to a layer or to what meets another there."""
    node = value.producer()
    if node is not None and g.is_op(node, *_GUARDS, *_BEFORE_GUARDS):
        computed = set(weight_layers.dynamic_inputs(node))
        if len(computed) == 1:
            yield node
            yield from _before_steep(computed.pop())


def _before(value: ir.Value | None) -> Iterator[ir.Node]:
    """Yield what makes a value, back to what is no step of attention."""
    node = None if value is None else value.producer()
    if node is not None and g.is_op(node, *_BETWEEN):
        yield node
        for each in weight_layers.dynamic_inputs(node):
            yield from _before(each)


def _tail(model: ir.Model) -> list[ir.Node]:
    """Return the nodes that no layer follows, in graph order."""
    leading: set[ir.Node] = set()
    for node in reversed(model.graph):
        readers = [use.node for value in node.outputs for use in value.uses()]
        if any(_is_heavy(reader) or reader in leading for reader in readers):
            leading.add(node)
    return [node for node in model.graph if node not in leading]


def _is_heavy(node: ir.Node) -> bool:
    """Tell whether a node is a layer; one that takes the mean of numbered bins is none."""
    if not g.is_op(node, *_HEAVY):
        return False
    weight = g.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    return weight is None or not np.array_equal(weight.reshape(-1), np.arange(weight.size))


def _has_positions(node: ir.Node) -> bool:
    arrays = [g.constant(value) for value in node.inputs]
    return g.is_op(node, *_ARITHMETIC) and any(
        array is not None and np.unique(array).size > 1 for array in arrays
    )


def _is_product_of_activations(node: ir.Node) -> bool:
    return g.is_op(node, "MatMul") and all(g.constant(value) is None for value in node.inputs)
