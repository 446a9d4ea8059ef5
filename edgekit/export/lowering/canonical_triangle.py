"""Trilu becomes a choice between the value and zero by a constant mask."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a Trilu whose diagonal is constant."""
    if not g.is_op(node, "Trilu"):
        return False
    has_diagonal = len(node.inputs) > 1 and node.inputs[1] is not None
    diagonal = g.scalar(node.inputs[1]) if has_diagonal else 0
    if diagonal is None:
        return False
    build, source = Building(node), g.operand(node, 0)
    ones = np.ones(g.shape_of(source)[-2:], bool)
    is_upper = node.attributes.get_int("upper", 1)
    mask = np.triu(ones, int(diagonal)) if is_upper else np.tril(ones, int(diagonal))
    kind = np.dtype(np.float32) if source.dtype is None else source.dtype.numpy()
    zero = build.constant(np.zeros((), kind), "zero")
    g.replace(node, build.apply("Where", build.constant(mask), source, zero, dtype=source.dtype))
    return True
