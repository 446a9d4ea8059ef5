"""Pools by a norm, and the maximum of a whole map, become operators that every runtime has."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match GlobalMaxPool, GlobalLpPool, and LpPool whose windows end within their padding."""
    if g.is_op(node, "GlobalMaxPool"):
        return _maximum(node)
    if g.is_op(node, "GlobalLpPool"):
        return _norm_of_all(node)
    if g.is_op(node, "LpPool"):
        return _norm_of_windows(node)
    return False


def _maximum(node: ir.Node) -> bool:
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    if len(shape) == 4:
        kernel = g.shape_of(source)[2:]
        g.replace(node, g.insert(node, "MaxPool", [source], shape, {"kernel_shape": kernel}))
    else:
        g.replace(node, g.insert(node, "ReduceMax", [source, _spatial(node)], shape))
    return True


def _norm_of_all(node: ir.Node) -> bool:
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    power = node.attributes.get_int("p", 2)
    if power in (1, 2):
        result = g.insert(node, f"ReduceL{power}", [source, _spatial(node)], shape)
    else:
        total = g.insert(node, "ReduceSum", [_raised(node, source, power), _spatial(node)], shape)
        result = _root(node, total, power)
    g.replace(node, result)
    return True


def _norm_of_windows(node: ir.Node) -> bool:
    """The mean over a window, padding counted as zeros, is its sum divided by its size."""
    get, source, shape = node.attributes, g.operand(node, 0), g.shape_of(node.outputs[0])
    kernel = tuple(get.get_ints("kernel_shape", ()))
    dilated = any(step != 1 for step in get.get_ints("dilations", (1,)))
    if get.get_int("ceil_mode", 0) or get.get_string("auto_pad", "NOTSET") != "NOTSET" or dilated:
        return False
    power = get.get_int("p", 2)
    attributes: dict[str, g.AttributeValue] = {"kernel_shape": kernel, "count_include_pad": 1}
    for key in ("strides", "pads"):
        if key in get:
            attributes[key] = tuple(get.get_ints(key))
    mean = g.insert(node, "AveragePool", [_raised(node, source, power)], shape, attributes)
    size = g.add_scalar(g.graph_of(node), "window_size", math.prod(kernel))
    g.replace(node, _root(node, g.insert(node, "Mul", [mean, size], shape), power))
    return True


def _raised(node: ir.Node, value: ir.Value, power: int) -> ir.Value:
    shape = g.shape_of(value)
    if power == 2:
        return g.insert(node, "Mul", [value, value], shape)
    positive = g.insert(node, "Abs", [value], shape)
    if power == 1:
        return positive
    exponent = g.add_scalar(g.graph_of(node), "power", power)
    return g.insert(node, "Pow", [positive, exponent], shape)


def _root(node: ir.Node, value: ir.Value, power: int) -> ir.Value:
    shape = g.shape_of(value)
    if power == 1:
        return value
    if power == 2:
        return g.insert(node, "Sqrt", [value], shape)
    exponent = g.add_scalar(g.graph_of(node), "root", 1 / power)
    return g.insert(node, "Pow", [value, exponent], shape)


def _spatial(node: ir.Node) -> ir.Value:
    axes = np.arange(2, len(g.shape_of(g.operand(node, 0))), dtype=np.int64)
    return g.add_constant(g.graph_of(node), "spatial_axes", axes)
