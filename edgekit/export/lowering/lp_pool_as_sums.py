"""The p-norm of a window: powers, a sum (a depthwise convolution with ones) and a root.

A convolution adds up windows of any padding and dilation; a global norm is a mean times its area.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match LpPool or GlobalLpPool of a map."""
    if not g.is_op(node, "LpPool", "GlobalLpPool"):
        return False
    source = g.operand(node, 0)
    if len(g.shape_of(source)) != 4:
        return False
    if node.op_type == "LpPool" and not windows.is_windowed(node):
        return False
    p = node.attributes.get_int("p", 2)
    summed = _sum(node, _power(node, source, p))
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
    graph = g.graph_of(node)
    if node.op_type == "GlobalLpPool":
        mean = g.insert(node, "GlobalAveragePool", [value], shape)
        area = g.add_scalar(graph, "area", math.prod(g.shape_of(value)[2:]))
        return g.insert(node, "Mul", [mean, area], shape)
    attributes = windows.of_axes(node, (0, 1))
    attributes.pop("p", None)
    attributes.pop("ceil_mode", None)
    kernel = tuple(node.attributes.get_ints("kernel_shape", ()))
    ones = g.add_constant(graph, "ones", np.ones((channels, 1, *kernel), dtype=np.float32))
    return g.insert(node, "Conv", [value, ones], shape, {**attributes, "group": channels})
