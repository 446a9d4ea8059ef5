"""A channel permutation between a depthwise convolution and the next one moves behind the first.

There the next convolution may take it in; and behind a stride there is less to move.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations
from edgekit.export.lowering.permutation_into_conv import (
    following_conv,
    is_plain_depthwise,
    put_behind,
    reorder_outputs,
)


def rewrite(node: ir.Node) -> bool:
    """Match the permutation; a plain depthwise convolution alone reads it, and another that one."""
    order = permutations.of_gather(node)
    conv = g.sole_consumer(node.outputs[0])
    if order is None or conv is None or not is_plain_depthwise(conv):
        return False
    if following_conv(conv) is None:
        return False
    reorder_outputs(conv, np.argsort(order))
    indices = g.operand(node, 1)
    g.replace(node, g.operand(node, 0))
    put_behind(conv, indices)
    return True
