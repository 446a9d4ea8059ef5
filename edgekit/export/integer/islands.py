"""Integer nodes between float32 ones that compute nothing: they only round what passes."""

from __future__ import annotations

from collections.abc import Iterator

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.annotations import is_integer
from edgekit.export.integer import connected


def sink(graph: ir.Model) -> None:
    """Make such nodes float32, in place.

    An island is what values tie together. It stays if one of its nodes
    computes, or if it meets an input or an output of the network, which is then stored so. An
    activation behind a float32 node is one itself: it would round what is rounded behind it.

    Args:
        graph: its integer nodes and encoded values are noted.
    """
    for node in graph.graph:
        if g.is_op(node, "Relu", "Clip") and is_integer(node) and _follows_float(node):
            del node.meta["integer"]
    seen: set[ir.Node] = set()
    for node in graph.graph:
        if node not in seen and is_integer(node):
            island = connected.group(node, _neighbours, is_integer)
            seen |= island
            if not any(_counts(each) for each in island):
                for each in island:
                    del each.meta["integer"]


def _follows_float(node: ir.Node) -> bool:
    producer = g.operand(node, 0).producer()
    return producer is not None and not is_integer(producer)


def _neighbours(node: ir.Node) -> Iterator[ir.Node]:
    for value in (*node.inputs, *node.outputs):
        if value is not None:
            producer = value.producer()
            yield from () if producer is None else (producer,)
            yield from (use.node for use in value.uses())


def _counts(node: ir.Node) -> bool:
    """Tell whether an integer node computes, or meets the network's border."""
    if not operators.of(node).shares_scale and node.op_type not in ("Relu", "Clip"):
        return True
    values = [value for value in (*node.inputs, *node.outputs) if value is not None]
    return any(value.is_graph_input() or value.is_graph_output() for value in values)
