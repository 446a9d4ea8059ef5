"""Sums and products of maps that cost more on integers than in float32, conversions included.

An integer operator rescales both operands and its result, number by number. Where several follow
each other between two layers, as in a sum of two scaled maps, float32 is cheaper: it converts what
comes in and what goes out, once. The layers around them stay integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import connected, quantizable

_COSTS = {
    "Add": (2.5, 1.0),
    "Sub": (2.5, 1.0),
    "Mul": (2.8, 1.3),
    "Max": (0.4, 1.0),
    "Min": (0.4, 1.0),
}
"""Instructions for each number on a Cortex-A76: on 8-bit integers, and in float32. Counted with
LiteRT 2.3.0; with AVX512 float32 is further ahead."""

_CONVERSION = 1.3
"""The same of QUANTIZE and of DEQUANTIZE."""


def of(model: ir.Model) -> list[ir.Node]:
    """Return the nodes that are cheaper in float32, in graph order.

    Args:
        model: a quantizable graph.
    """
    seen: set[ir.Node] = set()
    found: set[ir.Node] = set()
    for node in model.graph:
        if node not in seen and _takes_part(node):
            group = connected.group(node, _neighbours, _takes_part)
            seen |= group
            if _cost_in_float(group) < sum(_of_one(each, 0) for each in group):
                found |= group
    return [node for node in model.graph if node in found]


def _takes_part(node: ir.Node) -> bool:
    """Tell whether it is arithmetic on computed values, no two of them the same."""
    if node.op_type not in _COSTS or not quantizable.is_capable(node):
        return False
    return len(set(weight_layers.dynamic_inputs(node))) == len(node.inputs)


def _neighbours(node: ir.Node) -> Iterator[ir.Node]:
    for value in weight_layers.dynamic_inputs(node):
        producer = value.producer()
        yield from () if producer is None else (producer,)
    yield from (use.node for use in node.outputs[0].uses())


def _cost_in_float(group: set[ir.Node]) -> float:
    return sum(_of_one(node, 1) for node in group) + _CONVERSION * sum(_converted(group))


def _of_one(node: ir.Node, place: int) -> float:
    return _COSTS[node.op_type][place] * _numbers(node.outputs[0])


def _converted(group: Iterable[ir.Node]) -> Iterator[int]:
    """Yield how many numbers each value has that enters the group or leaves it."""
    nodes = set(group)
    read = {value for node in nodes for value in weight_layers.dynamic_inputs(node)}
    for value in read:
        if value.producer() not in nodes:
            yield _numbers(value)
    for node in nodes:
        made = node.outputs[0]
        if made.is_graph_output() or any(use.node not in nodes for use in made.uses()):
            yield _numbers(made)


def _numbers(value: ir.Value) -> int:
    return int(np.prod(g.shape_of(value)))
