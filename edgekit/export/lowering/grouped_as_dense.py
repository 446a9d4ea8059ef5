"""A grouped 1x1 convolution that reads permuted channels becomes dense and takes the order in.

More arithmetic, on faster kernels, and nothing is moved.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations
from edgekit.export.lowering import permutation_into_conv
from edgekit.export.lowering.permutation_into_small_conv import make_dense


def rewrite(node: ir.Node) -> bool:
    """Match the permutation."""
    if permutations.of_gather(node) is None:
        return False
    conv = permutation_into_conv.following_conv(node)
    weight = None if conv is None else g.constant(conv.inputs[1])
    if conv is None or weight is None or weight.shape[1] == 1 or weight.shape[2:] != (1, 1):
        return False
    return make_dense(conv, most_macs_per_pixel=None) and permutation_into_conv.rewrite(node)
