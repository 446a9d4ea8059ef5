"""Which values must share one encoding, and which have one that the runtimes prescribe.

What an operator moves, chooses or joins has one scale and zero point, so that no file needs a
requantization. One tie is cut: a value for which the runtimes prescribe another encoding than for
those that join it is converted there (`edgekit.export.integer.conversions`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import PIXELS
from edgekit.export.integer import quantizable
from edgekit.quantize.encoding.union import Union

_PRESCRIBED_INT16, _PIXELS_INT16 = Affine(1 / 32768, 0, 16), Affine(1 / 128, 0, 16)


def in_bits(prescribed: Affine, bits: int) -> Affine:
    """Return a prescribed 8-bit encoding as one of 8 or 16 bits."""
    if bits == 8:
        return prescribed
    return _PIXELS_INT16 if prescribed == PIXELS else _PRESCRIBED_INT16


@dataclass(frozen=True)
class Ties:
    """The values that can be encoded, grouped.

    Attributes:
        groups: names of values with one encoding; every encodable value is in exactly one.
        prescribed: encoding of 8-bit groups that an operator prescribes, by group number.
        sums: numbers of groups with one scale, but zero points of their own: what is added, and
            the sum. Such an addition is exact, so no runtime can round it otherwise than
            another, and a chain of residual sums is rounded once a branch.
    """

    groups: tuple[tuple[str, ...], ...]
    prescribed: dict[int, Affine]
    sums: tuple[tuple[int, ...], ...]


def of(model: ir.Model, stored: Container[str] | None = None) -> Ties:
    """Group the values of a quantizable graph, in graph order.

    Args:
        model: the graph.
        stored: names of the values that are stored as integers; None stores all that can be.
    """
    every = list(encodable(model))
    values = [v for v in every if stored is None or v.name in stored]
    floats = set(every) - set(values)
    kinds = _prescribed(model)
    same = Union(values)
    for node in model.graph:
        if shares_scale(node) and floats.isdisjoint(node.outputs):  # else it computes in float32
            result = node.outputs[0]
            inputs = weight_layers.dynamic_inputs(node)
            same.unite([*(v for v in inputs if kinds.get(v) == kinds.get(result)), *node.outputs])
    groups = same.groups()
    number_of = {value: number for number, group in enumerate(groups) for value in group}
    sums = Union(list(range(len(groups))))
    for node in model.graph:
        added = [number_of[v] for v in _added(node) if v in number_of]
        if len(added) == 3:
            sums.unite(added)
    makers = {n: kind for n, group in enumerate(groups) if (kind := kinds.get(group[0]))}
    return Ties(
        tuple(tuple(str(value.name) for value in group) for group in groups),
        makers,
        tuple(tuple(members) for members in sums.groups() if len(members) > 1),
    )


def names_after(node: ir.Node) -> Iterator[str]:
    """Yield the names of a node's results and of all that share a scale with them later on."""
    for value in node.outputs:
        yield str(value.name)
        for use in value.uses():
            if shares_scale(use.node):
                yield from names_after(use.node)


def shares_scale(node: ir.Node) -> bool:
    """Tell whether all that an integer form of ``node`` touches has one encoding."""
    return operators.of(node).shares_scale and quantizable.is_capable(node)


def _prescribed(model: ir.Model) -> dict[ir.Value, Affine]:
    """Return the prescribed encoding of each value that has one.

    What is moved keeps it; what unites values has it if it is that of each of them.
    """
    found: dict[ir.Value, Affine] = {}
    for node in model.graph:
        kind = operators.of(node).prescribed
        if g.is_op(node, "Cast") and g.operand(node, 0).is_graph_input():
            kind = PIXELS if g.operand(node, 0).dtype == ir.DataType.UINT8 else None
        if shares_scale(node):
            kinds = {found.get(value) for value in weight_layers.dynamic_inputs(node)}
            kind = kinds.pop() if len(kinds) == 1 else None
            if kind is not None and not _constants_fit(node, kind):
                kind = None
        if kind is not None:
            found.update(dict.fromkeys(node.outputs, kind))
    return found


def _constants_fit(node: ir.Node, kind: Affine) -> bool:
    """Tell whether an encoding covers the constants that ``node`` unites with other values."""
    if not operators.of(node).unites:
        return True  # its constants are sizes and orders
    arrays = [array for value in node.inputs if (array := g.constant(value)) is not None]
    slack = kind.scale / 2
    return all(
        kind.low - slack <= np.min(array) and np.max(array) <= kind.high + slack
        for array in arrays
        if array.size
    )


def _added(node: ir.Node) -> list[ir.Value]:
    """Return both operands and the stored result of a sum of two values, else nothing.

    A clip with an upper bound needs a range that ends there, so its scale stays its own.
    """
    if not g.is_op(node, "Add", "Sub"):
        return []
    operands, result = list(weight_layers.dynamic_inputs(node)), node.outputs[0]
    if quantizable.is_fused(result):
        reader = g.sole_consumer(result)
        if reader is None or reader.op_type != "Relu":
            return []
        result = reader.outputs[0]
    return [*operands, result]


def encodable(model: ir.Model) -> Iterator[ir.Value]:
    """Yield the float values that some capable node touches and that exist in an integer file."""
    for value in (*model.graph.inputs, *(v for node in model.graph for v in node.outputs)):
        nodes = [value.producer(), *(use.node for use in value.uses())]
        is_float = value.dtype in (None, ir.DataType.FLOAT)
        touched = any(node is not None and quantizable.is_capable(node) for node in nodes)
        if is_float and touched and not quantizable.is_fused(value):
            yield value
