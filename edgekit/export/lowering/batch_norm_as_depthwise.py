"""A batch norm that no convolution could absorb becomes a 1x1 depthwise convolution.

One operator with bias and fused activation, where multiply, add and ReLU would be three
passes over the map.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match BatchNormalization with constant statistics; canonical ones are of NCHW values."""
    if not g.is_op(node, "BatchNormalization") or node.attributes.get_int("training_mode", 0) != 0:
        return False
    shape = g.shape_of(node.outputs[0])
    arrays = [g.constant(value) for value in node.inputs[1:5]]
    gamma, beta, mean, variance = arrays
    if gamma is None or beta is None or mean is None or variance is None:
        return False
    epsilon = node.attributes.get_float("epsilon", 1e-5)
    # float64 here: the folded scale is the only rounding.
    scale = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    bias = beta - mean * scale
    graph, name = g.graph_of(node), g.label(node)
    weight = g.add_constant(graph, f"{name}_scale", scale.reshape(-1, 1, 1, 1).astype(np.float32))
    offset = g.add_constant(graph, f"{name}_bias", bias.astype(np.float32))
    attributes: dict[str, g.AttributeValue] = {"group": shape[1], "kernel_shape": (1, 1)}
    g.replace(node, g.insert(node, "Conv", [g.operand(node, 0), weight, offset], shape, attributes))
    return True
