"""A batch norm in training mode becomes the mean and the variance that it takes from its input.

ONNX Runtime writes the running mean of that operator over a constant, which it may have merged
with an equal one of another node: answers then change from run to run.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match BatchNormalization in training mode whose running statistics nobody reads."""
    if not g.is_op(node, "BatchNormalization") or not node.attributes.get_int("training_mode", 0):
        return False
    if any(value.uses() or value.is_graph_output() for value in node.outputs[1:]):
        return False
    source, scale, bias = (g.operand(node, index) for index in range(3))
    shape = g.shape_of(source)
    statistics = (1, shape[1], *(1,) * (len(shape) - 2))
    graph = g.graph_of(node)
    axes = [axis for axis in range(len(shape)) if axis != 1]
    over = g.add_constant(graph, "batch_axes", np.array(axes, dtype=np.int64))
    epsilon = g.add_scalar(graph, "epsilon", node.attributes.get_float("epsilon", 1e-5))
    target = g.add_constant(graph, "per_channel", np.array(statistics, dtype=np.int64))
    mean = g.insert(node, "ReduceMean", [source, over], statistics)
    centred = g.insert(node, "Sub", [source, mean], shape)
    squares = g.insert(node, "Mul", [centred, centred], shape)
    variance = g.insert(node, "ReduceMean", [squares, over], statistics)
    shifted = g.insert(node, "Add", [variance, epsilon], statistics)
    deviation = g.insert(node, "Sqrt", [shifted], statistics)
    normal = g.insert(node, "Div", [centred, deviation], shape)
    factor, offset = (
        g.insert(node, "Reshape", [value, target], statistics) for value in (scale, bias)
    )
    scaled = g.insert(node, "Mul", [normal, factor], shape)
    result = g.insert(node, "Add", [scaled, offset], shape)
    node.resize_outputs(1)
    g.replace(node, result)
    return True
