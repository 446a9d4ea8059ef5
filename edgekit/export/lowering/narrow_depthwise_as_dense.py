"""A depthwise convolution that makes several channels of each, and few in all, becomes dense.

Integer kernels make sixteen outputs at once, so that the zeros of so few cost nothing, and the
convolution before it need not make its channels in several copies.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering import repeated_channels
from edgekit.export.lowering.permutation_into_small_conv import make_dense

MOST_CHANNELS = 16
"""What it makes at most: one vector of integer kernels."""


def rewrite(node: ir.Node) -> bool:
    """Match the convolution."""
    if repeated_channels.multiplier(node) < 2:
        return False
    return g.shape_of(node.outputs[0])[1] <= MOST_CHANNELS and make_dense(node)
