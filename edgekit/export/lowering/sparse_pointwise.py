"""1x1 convolutions whose weights are mostly zero keep the others alone; noted, not rewritten.

The delegate's sparse kernels (on Arm; on x86 it computes as if all were there) take a whole stretch
of layers or none, up to a pooling over the map that keeps its rank: so the flattened one is noted.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows
from edgekit.export.graph.annotations import EVEN, KEEPS_RANK, SPARSE

LEAST_SHARE = 2 / 3
"""Of zeros, from which on XNNPACK chooses its sparse kernels."""

_FEWEST = 256  # a smaller tensor is not worth it


def rewrite(node: ir.Node) -> bool:
    """Match a 1x1 convolution; in a graph that has one, other layers that its kernels ask for."""
    noted = _note_of(node)
    if not noted or noted in node.meta:
        return False
    if noted != SPARSE and not any(SPARSE in each.meta for each in node.graph or ()):
        return False
    node.meta[noted] = True
    return True


def _note_of(node: ir.Node) -> str:
    if node.domain == "edgekit" and node.op_type == "SpatialMean":
        return KEEPS_RANK
    if not g.is_op(node, "Conv"):
        return ""
    axes = windows.axes_of(node)
    if len(axes) == 2 and all(_may_be_even(axis) for axis in axes):
        return EVEN
    weight = g.constant(node.inputs[1])
    if weight is None or weight.shape[2:] != (1, 1) or weight.dtype != np.float32:
        return ""
    if node.attributes.get_int("group", 1) != 1 or weight.size < _FEWEST:
        return ""
    if any(axis.stride != 1 or axis.begin or axis.end for axis in axes):
        return ""
    return SPARSE if LEAST_SHARE < np.mean(weight == 0) < 1 else ""


def _may_be_even(axis: windows.Axis) -> bool:
    """Tell whether as much padding at the end as at the beginning reaches no further window."""
    if axis.dilation != 1 or not axis.end < axis.begin == axis.kernel // 2:
        return False
    return (axis.size + 2 * axis.begin - axis.kernel) // axis.stride + 1 == axis.steps
