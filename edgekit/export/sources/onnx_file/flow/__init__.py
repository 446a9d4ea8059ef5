"""What could depend on the input and does not in this file is laid out flat.

Branches whose condition is constant, or whose results can be chosen from afterwards; loops of few
rounds; sequences; selections by constants.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
from onnx_ir.passes.common import NameFixPass

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import simplify
from edgekit.export.sources.onnx_file.flow import branches, loops, selections, sequences

_RULES: dict[str, Callable[[ir.Node], bool]] = {
    "CastLike": selections.cast_like,
    "Compress": selections.compress,
    "Dropout": selections.dropped,
    "EyeLike": selections.eye,
    "If": branches.take,
    "Loop": loops.unroll,
    "OptionalGetElement": selections.element,
    "OptionalHasElement": selections.has_element,
    "Scan": loops.unroll_scan,
}
KINDS = frozenset({*_RULES, *sequences.KINDS})
"""Operators that need to know shapes beforehand."""


def flatten(model: ir.Model) -> bool:
    """Lay out what can be, in place, and tell whether anything changed.

    Args:
        model: its constants lifted; shapes known where they can be.
    """
    changed, done = True, False
    while changed:
        changed = False
        for node in list(model.graph):
            rule = _RULES.get(node.op_type) if node.domain in ("", "ai.onnx") else None
            if rule is not None:
                changed |= rule(node)
        changed |= sequences.flatten(model)
        done |= changed
        if changed:
            NameFixPass()(model)  # before anything is known by its name
            simplify.lift_constants(model)
            NameFixPass()(model)
    return done


def is_left(model: ir.Model) -> bool:
    """Tell whether a node is left that might be laid out once more shapes are known."""
    return any(g.is_op(node, *KINDS) for node in model.graph)
