"""A Resize of any axes becomes one of the height and width of a map, two axes at a time."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export import resampling
from edgekit.export.graph import nodes as g
from edgekit.export.resampling import Sampling


def rewrite(node: ir.Node) -> bool:
    """Match the Resize of something else."""
    if not g.is_op(node, "Resize"):
        return False
    samplings = resampling.of(node)
    shape = g.shape_of(g.operand(node, 0))
    if not samplings or (len(shape) == 4 and all(each.axis > 1 for each in samplings)):
        return False
    value, left = g.operand(node, 0), list(samplings)
    while left:
        value = _resized(node, value, left[-2:])
        del left[-2:]
    g.replace(node, value)
    return True


def _resized(node: ir.Node, value: ir.Value, samplings: list[Sampling]) -> ir.Value:
    shape = g.shape_of(value)
    resized = [each.axis for each in samplings]
    others = [axis for axis in range(len(shape)) if axis not in resized]
    order = (*others, *resized)
    lead = [shape[axis] for axis in others]
    sizes = [each.weights.shape[1] for each in samplings]
    made = [each.weights.shape[0] for each in samplings]
    scales = [each.scale for each in samplings]
    regions = [each.region or (0.0, 1.0) for each in samplings]
    if len(resized) == 1:
        sizes, made, scales = [1, *sizes], [1, *made], [1.0, *scales]
        regions = [(0.0, 1.0), *regions]
    front = (lead[0] if lead else 1, math.prod(lead[1:]))
    turned = g.reshaped(node, g.transposed(node, value, order), (*front, *sizes))
    graph = g.graph_of(node)
    region = [0, 0, *(r[0] for r in regions), 1, 1, *(r[1] for r in regions)]
    inputs: list[ir.Value | None] = [
        turned,
        g.add_constant(graph, "region", np.array(region, np.float32)),
    ]
    if any(scale is not None for scale in scales):
        every = [made[i] / sizes[i] if s is None else s for i, s in enumerate(scales)]
        inputs.append(g.add_constant(graph, "scales", np.array([1, 1, *every], np.float32)))
    else:
        inputs += [None, g.add_constant(graph, "sizes", np.array([*front, *made], np.int64))]
    attributes = g.plain_attributes(node)
    for name in ("axes", "keep_aspect_ratio_policy"):
        attributes.pop(name, None)
    result = g.insert(node, "Resize", inputs, (*front, *made), attributes)
    for each in samplings:
        shape = (*shape[: each.axis], each.weights.shape[0], *shape[each.axis + 1 :])
    back = g.reshaped(node, result, [shape[axis] for axis in order])
    return g.transposed(node, back, [order.index(axis) for axis in range(len(order))])
