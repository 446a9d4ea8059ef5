"""The p-norm of a window: powers, a sum (a depthwise convolution with ones) and a root.

A convolution adds up windows of any padding and dilation.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match the LpPool; those of other ranks are pools of maps by now."""
    if not g.is_op(node, "LpPool") or not windows.is_windowed(node):
        return False
    p = node.attributes.get_int("p", 2)
    summed = _sum(node, _power(node, g.operand(node, 0), p))
    g.replace(node, _root(node, summed, p))
    return True


def _power(node: ir.Node, source: ir.Value, p: int) -> ir.Value:
    shape = g.shape_of(source)
    if p == 2:
        return g.insert(node, "Mul", [source, source], shape)
    size = g.insert(node, "Abs", [source], shape)
    if p == 1:
        return size
    exponent = g.add_scalar(g.graph_of(node), "power", p)
    return g.insert(node, "Pow", [size, exponent], shape)


def _root(node: ir.Node, value: ir.Value, p: int) -> ir.Value:
    shape = g.shape_of(value)
    if p == 1:
        return value
    if p == 2:
        return g.insert(node, "Sqrt", [value], shape)
    exponent = g.add_scalar(g.graph_of(node), "root", 1 / p)
    return g.insert(node, "Pow", [value, exponent], shape)


def _sum(node: ir.Node, value: ir.Value) -> ir.Value:
    shape, channels = g.shape_of(node.outputs[0]), g.shape_of(value)[1]
    axes = windows.axes_of(node)
    attributes: dict[str, g.AttributeValue] = {
        "strides": [axis.stride for axis in axes],
        "dilations": [axis.dilation for axis in axes],
        "pads": [*(axis.begin for axis in axes), *(axis.end for axis in axes)],
        "group": channels,
    }
    kernel = [axis.kernel for axis in axes]
    ones = np.ones((channels, 1, *kernel), dtype=np.float32)
    weight = g.add_constant(g.graph_of(node), "ones", ones)
    return g.insert(node, "Conv", [value, weight], shape, attributes)
