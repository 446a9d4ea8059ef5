"""Padding by another number than zero becomes a concatenation, which the XNNPACK delegate takes.

Of float32, along one axis: what it has no form of would cut the network in two.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a Pad of one axis by a finite constant, not negative, that is no larger than it."""
    if not g.is_op(node, "Pad") or node.attributes.get_string("mode", "constant") != "constant":
        return False
    amounts = g.constant(node.inputs[1])
    value = g.scalar(node.inputs[2]) if len(node.inputs) > 2 else None
    if amounts is None or not value or not np.isfinite(value):
        return False
    source, padded = g.operand(node, 0), np.flatnonzero(amounts.reshape(2, -1).any(axis=0))
    if source.dtype is not ir.DataType.FLOAT or amounts.min() < 0 or len(padded) != 1:
        return False
    sizes, axis = g.shape_of(source), int(padded[0])
    begin, end = (int(number) for number in amounts.reshape(2, -1)[:, axis])
    if g.constant(source) is not None or begin + end > sizes[axis]:
        return False
    parts = [_border(node, sizes, axis, begin, value), source]
    parts.append(_border(node, sizes, axis, end, value))
    present = [part for part in parts if part is not None]
    shape = g.shape_of(node.outputs[0])
    g.replace(node, g.insert(node, "Concat", present, shape, {"axis": axis}))
    return True


def _border(
    node: ir.Node, sizes: tuple[int, ...], axis: int, count: int, value: float
) -> ir.Value | None:
    if not count:
        return None
    shape = (*sizes[:axis], count, *sizes[axis + 1 :])
    array = np.full(shape, value, np.float32)
    return g.add_constant(g.graph_of(node), f"{g.label(node)}_border", array)
