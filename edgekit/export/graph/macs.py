"""Parameters and multiply-accumulates of a canonical graph.

The convention is that of `edgekit.models`: one MAC is one multiply-accumulate of a convolution
or a fully connected layer, batch 1; biases, batch norm, activations, pools, adds and shifts are
not counted. A depthwise convolution with one tap in every filter is a shift, scaled perhaps by
the batch norm that was folded into it.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def params(model: ir.Model) -> int:
    """Return the number of float elements held by weights, shifts left out."""
    shifts = {node.inputs[1] for node in model.graph if is_shift(node)}
    return sum(
        int(np.prod(g.shape_of(value)))
        for value in model.graph.initializers.values()
        if value.dtype == ir.DataType.FLOAT and value not in shifts
    )


def macs(model: ir.Model) -> int:
    """Return the multiply-accumulates of one inference."""
    return sum(_node_macs(node) for node in model.graph)


def is_shift(node: ir.Node) -> bool:
    """Tell whether ``node`` only moves each channel by a fixed offset and scales it."""
    if not g.is_op(node, "Conv") or node.attributes.get_int("group", 1) == 1:
        return False
    weight = g.constant(node.inputs[1])
    if weight is None or weight.shape[1] != 1 or weight[0].size == 1:
        return False
    taps = np.count_nonzero(weight.reshape(len(weight), -1), axis=1)
    return bool((taps <= 1).all())


def _node_macs(node: ir.Node) -> int:
    if is_shift(node):
        return 0
    if g.is_op(node, "Conv", "ConvTranspose"):
        weight = g.shape_of(g.operand(node, 1))
        # A transposed convolution reads each input once, a convolution writes each output once.
        anchor = node.outputs[0] if node.op_type == "Conv" else g.operand(node, 0)
        return int(np.prod(g.shape_of(anchor)) * np.prod(weight[1:]))
    if g.is_op(node, "Gemm", "MatMul"):
        left = g.shape_of(g.operand(node, 0))
        depth = left[0] if node.attributes.get_int("transA", 0) else left[-1]
        return int(np.prod(g.shape_of(node.outputs[0])) * depth)
    return 0
