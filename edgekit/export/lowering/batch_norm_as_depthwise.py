"""A batch norm goes into the convolution before, or becomes a 1x1 depthwise convolution.

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
    if _fold(node, scale, bias):
        return True
    graph, name = g.graph_of(node), g.label(node)
    weight = g.add_constant(graph, f"{name}_scale", scale.reshape(-1, 1, 1, 1).astype(np.float32))
    offset = g.add_constant(graph, f"{name}_bias", bias.astype(np.float32))
    attributes: dict[str, g.AttributeValue] = {"group": shape[1], "kernel_shape": (1, 1)}
    g.replace(node, g.insert(node, "Conv", [g.operand(node, 0), weight, offset], shape, attributes))
    return True


def _fold(node: ir.Node, scale: np.ndarray, bias: np.ndarray) -> bool:
    """Put scale and bias into a convolution whose result nothing else reads."""
    source = g.operand(node, 0)
    layer = source.producer()
    if layer is None or not g.is_op(layer, "Conv") or g.sole_consumer(source) is not node:
        return False
    weight = g.constant(layer.inputs[1])
    has_bias = len(layer.inputs) > 2 and layer.inputs[2] is not None
    old = g.constant(layer.inputs[2]) if has_bias else np.zeros(len(scale))
    if weight is None or old is None:
        return False
    scaled = weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
    graph, name = g.graph_of(node), g.label(node)
    constants = [
        g.add_constant(graph, f"{name}_{part}", array.astype(np.float32))
        for part, array in (("weight", scaled), ("bias", old * scale + bias))
    ]
    shape, attributes = g.shape_of(node.outputs[0]), g.plain_attributes(layer)
    g.replace(node, g.insert(node, "Conv", [layer.inputs[0], *constants], shape, attributes))
    return True
