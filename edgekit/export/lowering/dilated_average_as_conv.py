"""Average pooling with gaps: a depthwise convolution with equal weights, and a division.

Windows that reach padding that does not count divide by fewer elements; that is a constant map.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match the AveragePool of a map with dilations."""
    if not g.is_op(node, "AveragePool") or not windows.is_windowed(node):
        return False
    dilations = tuple(node.attributes.get_ints("dilations", ()))
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    if all(step == 1 for step in dilations) or len(shape) != 4:
        return False
    kernel = tuple(node.attributes.get_ints("kernel_shape", ()))
    weight = np.full((shape[1], 1, *kernel), 1 / math.prod(kernel), dtype=np.float32)
    graph = g.graph_of(node)
    attributes = windows.of_axes(node, (0, 1))
    for name in ("ceil_mode", "count_include_pad"):
        attributes.pop(name, None)
    inputs = [source, g.add_constant(graph, "pool_weight", weight)]
    value = g.insert(node, "Conv", inputs, shape, {**attributes, "group": shape[1]})
    shares = [windows.taps(node, axis) for axis in (0, 1)]
    ratio = (math.prod(kernel) / np.outer(*shares)).astype(np.float32)
    if (ratio != 1).any():
        factor = g.add_constant(graph, f"{g.label(node)}_share", ratio[None, None])
        value = g.insert(node, "Mul", [value, factor], shape)
    g.replace(node, value)
    return True
