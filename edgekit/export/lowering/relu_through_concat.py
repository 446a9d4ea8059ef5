"""ReLU after a concatenation moves into its inputs, where it fuses or is already true.

ShuffleNet's stride-2 unit: the pooled shortcut is never negative, the other branch ends in a
convolution.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, value_ranges


def rewrite(node: ir.Node) -> bool:
    """Match the ReLU; every input must be able to take it for free."""
    if not g.is_op(node, "Relu"):
        return False
    joined = g.operand(node, 0)
    concat = joined.producer()
    if concat is None or not g.is_op(concat, "Concat") or g.sole_consumer(joined) is not node:
        return False
    parts = [g.operand(concat, index) for index in range(len(concat.inputs))]
    if not all(value_ranges.is_non_negative(part) or _takes_relu(part) for part in parts):
        return False
    rectified = [
        part
        if value_ranges.is_non_negative(part)
        else g.insert(node, "Relu", [part], g.shape_of(part))
        for part in parts
    ]
    axis = concat.attributes.get_int("axis", 1)
    g.replace(node, g.insert(node, "Concat", rectified, g.shape_of(joined), {"axis": axis}))
    return True


def _takes_relu(part: ir.Value) -> bool:
    producer = part.producer()
    return (
        producer is not None
        and operators.of(producer).fusable
        and g.sole_consumer(part) is not None
    )
