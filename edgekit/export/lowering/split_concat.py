"""A concatenation of more than four values becomes a tree: the XNNPACK delegate stops at four."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export import graph as g

LIMIT = 4


def rewrite(node: ir.Node) -> bool:
    """Match the wide concatenation; contiguous runs of four are joined first."""
    if not g.is_op(node, "Concat") or len(node.inputs) <= LIMIT:
        return False
    shape = g.shape_of(node.outputs[0])
    axis = node.attributes.get_int("axis", 0) % len(shape)
    parts = [g.operand(node, index) for index in range(len(node.inputs))]
    joined = []
    for start in range(0, len(parts), LIMIT):
        run = parts[start : start + LIMIT]
        size = sum(g.shape_of(part)[axis] for part in run)
        run_shape = (*shape[:axis], size, *shape[axis + 1 :])
        joined.append(
            run[0] if len(run) == 1 else g.insert(node, "Concat", run, run_shape, {"axis": axis})
        )
    g.replace(node, g.insert(node, "Concat", joined, shape, {"axis": axis}))
    return True
