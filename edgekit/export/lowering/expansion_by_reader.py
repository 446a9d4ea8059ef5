"""An Expand disappears where its readers broadcast by themselves."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_BROADCASTING = (
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min",
    "Mul", "Or", "Pow", "Sub", "Where", "Xor",
)  # fmt: skip


def rewrite(node: ir.Node) -> bool:
    """Match an Expand of which some reader's result keeps its shape without it."""
    if not g.is_op(node, "Expand"):
        return False
    source, expanded = g.operand(node, 0), node.outputs[0]
    changed = False
    for reader, index in list(expanded.uses()):
        if not g.is_op(reader, *_BROADCASTING):
            continue
        shapes = [g.shape_of(value) for value in reader.inputs if value is not None]
        shapes[index] = g.shape_of(source)
        if np.broadcast_shapes(*shapes) == g.shape_of(reader.outputs[0]):
            reader.replace_input_with(index, source)
            changed = True
    return changed
