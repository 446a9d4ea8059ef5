"""The bodies of branches and loops, put in the place of their node."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit


def splice(node: ir.Node, body: ir.Graph) -> list[ir.Value]:
    """Move the nodes of a body before ``node`` and return its results, each of a node's own."""
    outputs = list(body.outputs)
    inside = list(body)
    owner = edit.owner(node)
    for value in list(body.initializers.values()):
        body.initializers.pop(str(value.name))
        value.name = f"{g.label(node)}_{value.name}"
        owner.register_initializer(value)
    body.outputs.clear()
    body.remove(inside)
    owner.insert_before(node, inside)
    return [edit.insert(node, "Identity", [value]) for value in outputs]


def replace(node: ir.Node, results: Sequence[ir.Value]) -> None:
    """Put values in the places of the results of ``node``, which is removed."""
    for output, value in zip(node.outputs, results, strict=True):
        name = output.name
        value.shape, value.type = output.shape, output.type
        output.replace_all_uses_with(value, replace_graph_outputs=True)
        if name:
            output.name, value.name = f"{name}_before", name
    edit.owner(node).remove(node, safe=True)
