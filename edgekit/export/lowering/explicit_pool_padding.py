"""Padded pooling becomes Pad and an unpadded pool, where zero is the right padding.

TFLite pools know only SAME, which counts and places padding otherwise. Average pooling that
counts its padding (torch's default) pads with zero; max pooling may where no input is negative.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import value_ranges, windows


def rewrite(node: ir.Node) -> bool:
    """Match MaxPool or AveragePool on an NCHW value whose windows reach padding."""
    pool = windows.of_pool(node)
    if pool is None or not pool.pads or not _zero_is_right(node, pool):
        return False
    g.replace(node, windows.unpadded(node, windows.zero_padded(node, pool)))
    return True


def _zero_is_right(node: ir.Node, pool: windows.Pool) -> bool:
    if node.op_type == "MaxPool":
        return not pool.is_same and value_ranges.is_non_negative(g.operand(node, 0))
    # Rounding up (ceil_mode) lets windows reach further than the padding that counts.
    declared = zip(pool.axes, pool.declared_ends, strict=True)
    counted = node.attributes.get_int("count_include_pad", 0) == 1
    return counted and all(axis.end <= end for axis, end in declared)
