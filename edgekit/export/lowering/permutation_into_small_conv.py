"""A small grouped convolution beside a permutation becomes dense and takes the permutation in.

The zeros cost less than moving the channels: a group of few channels does not fill a vector.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations
from edgekit.export.lowering import permutation_into_conv

MOST_MACS_PER_PIXEL = 48 * 48
"""Of the dense form; see ``permutation_as_conv`` for where moving starts to be cheaper."""


def rewrite(node: ir.Node) -> bool:
    """Match the permutation."""
    if permutations.of_gather(node) is None:
        return False
    neighbours = (
        permutation_into_conv.following_conv(node),
        permutation_into_conv.preceding_conv(node),
    )
    # Fewer groups, fewer zeros.
    for conv in sorted(filter(None, neighbours), key=_groups):
        if make_dense(conv):
            return permutation_into_conv.rewrite(node)
    return False


def _groups(conv: ir.Node) -> int:
    return conv.attributes.get_int("group", 1)


def make_dense(conv: ir.Node, most_macs_per_pixel: int | None = MOST_MACS_PER_PIXEL) -> bool:
    """Write a grouped convolution's zeros out, if that is cheap; tell whether it was done."""
    groups = _groups(conv)
    weight = g.constant(conv.inputs[1])
    if weight is None:
        return False
    outputs, per_group, *kernel = weight.shape
    inputs = per_group * groups
    macs_per_pixel = outputs * inputs * np.prod(kernel)
    if most_macs_per_pixel is not None and macs_per_pixel > most_macs_per_pixel:
        return False
    dense = np.zeros((outputs, inputs, *kernel), dtype=weight.dtype)
    for group in range(groups):
        rows = slice(group * outputs // groups, (group + 1) * outputs // groups)
        columns = slice(group * per_group, (group + 1) * per_group)
        dense[rows, columns] = weight[rows]
    permutation_into_conv.set_constant(conv, 1, dense)
    conv.attributes.add(ir.AttrInt64("group", 1))
    return True
