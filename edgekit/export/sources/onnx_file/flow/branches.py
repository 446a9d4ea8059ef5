"""If: the branch that runs, or a choice between the results of both."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import bodies, known

_MOST_NODES = 64  # of both branches, which are both computed
_DIVIDING = ("Div", "Mod")
_INDEXING = ("Gather", "GatherElements", "GatherND", "ScatterElements", "ScatterND")


def take(node: ir.Node) -> bool:
    """Lay out an If in place."""
    condition = known.value_of(node.inputs[0])
    if condition is None:
        return _choose(node)
    branch = node.attributes["then_branch" if bool(condition.reshape(-1)[0]) else "else_branch"]
    bodies.replace(node, bodies.splice(node, branch.as_graph()))
    return True


def _choose(node: ir.Node) -> bool:
    """Compute both of two small branches, and choose."""
    both = [node.attributes[name].as_graph() for name in ("then_branch", "else_branch")]
    inside = [each for branch in both for each in branch]
    if len(inside) > _MOST_NODES or any(known.has_body(n) or _can_fail(n) for n in inside):
        return False
    for pair in zip(*(branch.outputs for branch in both), strict=True):
        shapes = {known.sizes_of(value) for value in pair}
        kinds = {value.dtype for value in pair}
        if None in shapes or len(shapes) > 1 or None in kinds or len(kinds) > 1:
            return False
    anchor = node.inputs[0]
    scalar = edit.insert(node, "Reshape", [anchor, edit.integers(node, [])])
    results = [bodies.splice(node, branch) for branch in both]
    chosen = [edit.insert(node, "Where", [scalar, *pair]) for pair in zip(*results, strict=True)]
    bodies.replace(node, chosen)
    return True


def _can_fail(node: ir.Node) -> bool:
    """Tell whether a node may stop a runtime, on operands that the condition keeps away from it."""
    if g.is_op(node, *_DIVIDING):  # by zero: floats have infinity
        kinds = [value.dtype for value in node.inputs if value is not None]
        return not any(kind is not None and kind.is_floating_point() for kind in kinds)
    return g.is_op(node, *_INDEXING) and edit.constant(node.inputs[1]) is None
