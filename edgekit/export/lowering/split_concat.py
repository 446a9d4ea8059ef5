"""A concatenation of more than four values becomes a tree: the XNNPACK delegate stops at four."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g

LIMIT = 4


def rewrite(node: ir.Node) -> bool:
    """Match the wide concatenation; the smallest run of neighbours is joined first.

    A join copies, so it takes no more parts than the limit asks for.
    """
    if not g.is_op(node, "Concat") or len(node.inputs) <= LIMIT:
        return False
    shape = g.shape_of(node.outputs[0])
    axis = node.attributes.get_int("axis", 0) % len(shape)
    parts = [g.operand(node, index) for index in range(len(node.inputs))]
    sizes = [g.shape_of(part)[axis] for part in parts]
    length = min(LIMIT, len(parts) - LIMIT + 1)
    starts = range(len(parts) - length + 1)
    start = min(starts, key=lambda first: sum(sizes[first : first + length]))
    run = slice(start, start + length)
    run_shape = (*shape[:axis], sum(sizes[run]), *shape[axis + 1 :])
    parts[run] = [g.insert(node, "Concat", parts[run], run_shape, {"axis": axis})]
    g.replace(node, g.insert(node, "Concat", parts, shape, {"axis": axis}))
    return True
