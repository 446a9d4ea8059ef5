"""A batch norm behind a transposed convolution goes into its weights and bias."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the BatchNormalization with constant statistics."""
    if not g.is_op(node, "BatchNormalization") or node.attributes.get_int("training_mode", 0) != 0:
        return False
    layer = g.operand(node, 0).producer()
    if layer is None or not g.is_op(layer, "ConvTranspose"):
        return False
    if g.sole_consumer(layer.outputs[0]) is not node:
        return False
    weight = g.constant(layer.inputs[1])
    has_bias = len(layer.inputs) > 2 and layer.inputs[2] is not None
    old = g.constant(layer.inputs[2]) if has_bias else np.zeros((), np.float32)
    arrays = [g.constant(value) for value in node.inputs[1:5]]
    gamma, beta, mean, variance = arrays
    if weight is None or old is None or gamma is None or beta is None:
        return False
    if mean is None or variance is None:
        return False
    epsilon = node.attributes.get_float("epsilon", 1e-5)
    # float64 here: the folded scale is the only rounding.
    scale = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    bias = beta + (old - mean) * scale
    graph, name = g.graph_of(node), g.label(node)
    inputs = [
        layer.inputs[0],
        g.add_constant(graph, f"{name}_weight", _scaled(layer, weight, scale)),
        g.add_constant(graph, f"{name}_bias", bias.astype(np.float32)),
    ]
    shape, attributes = g.shape_of(node.outputs[0]), g.plain_attributes(layer)
    g.replace(node, g.insert(node, layer.op_type, inputs, shape, attributes))
    return True


def _scaled(layer: ir.Node, weight: np.ndarray, scale: np.ndarray) -> np.ndarray:
    groups = layer.attributes.get_int("group", 1)  # weights are (in, out of a group, ...)
    split = weight.reshape(groups, -1, *weight.shape[1:])
    factors = scale.reshape(groups, 1, -1, *[1] * (weight.ndim - 2))
    return np.asarray((split * factors).reshape(weight.shape), np.float32)
