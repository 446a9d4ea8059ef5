"""Which outputs hang on a decision: the smallest change of a value can change all of them."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g

_DECIDING = (
    "ArgMax", "ArgMin", "Ceil", "Equal", "Floor", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "NonMaxSuppression", "Round", "Sign", "TopK",
)  # fmt: skip


def outputs_behind(model: ir.Model) -> frozenset[str]:
    """Return the names of the outputs that are computed from a decision about real numbers."""
    found: set[ir.Value] = set()
    for node in model.graph:
        if not found.isdisjoint(node.inputs):
            found.update(node.outputs)
        elif _decides(node):
            # The largest values change no more than any value does; their places do.
            found.update(node.outputs[1:] if g.is_op(node, "TopK") else node.outputs)
    return frozenset(str(value.name) for value in model.graph.outputs if value in found)


def _decides(node: ir.Node) -> bool:
    if not g.is_op(node, *_DECIDING):
        return False
    source = g.operand(node, 0)
    return source.dtype is not None and source.dtype.is_floating_point()
