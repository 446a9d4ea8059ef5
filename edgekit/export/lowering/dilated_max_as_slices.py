"""Max pooling with gaps: the largest of shifted slices, first down the map and then across it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import value_ranges, windows

_LOWEST = float(np.finfo(np.float32).min)  # no element is smaller, and -inf is none


def rewrite(node: ir.Node) -> bool:
    """Match the MaxPool of a map with dilations whose indices nobody reads."""
    if not g.is_op(node, "MaxPool") or not windows.is_windowed(node):
        return False
    if all(step == 1 for step in node.attributes.get_ints("dilations", ())):
        return False
    if len(g.shape_of(g.operand(node, 0))) != 4:
        return False
    axes = windows.axes_of(node)
    if all(axis.kernel == 1 for axis in axes):
        del node.attributes["dilations"]  # there is nothing between the taps of one tap
        return True
    value = _padded(node, axes)
    for number, axis in zip((2, 3), axes, strict=True):
        value = _largest(node, value, number, axis)
    strides = [axis.stride for axis in axes]
    if strides != [1, 1]:
        attributes: dict[str, g.AttributeValue] = {"kernel_shape": (1, 1), "strides": strides}
        value = g.insert(node, "MaxPool", [value], g.shape_of(node.outputs[0]), attributes)
    g.replace(node, value)
    return True


def _padded(node: ir.Node, axes: tuple[windows.Axis, ...]) -> ir.Value:
    source = g.operand(node, 0)
    if not any(axis.begin or axis.end for axis in axes):
        return source
    graph, shape = g.graph_of(node), list(g.shape_of(source))
    amounts = [0, 0, *(axis.begin for axis in axes), 0, 0, *(axis.end for axis in axes)]
    inputs = [source, g.add_constant(graph, "pool_pads", np.array(amounts, dtype=np.int64))]
    if not value_ranges.is_non_negative(source):
        inputs.append(g.add_scalar(graph, "lowest", _LOWEST))
    for number, axis in zip((2, 3), axes, strict=True):
        shape[number] += axis.begin + axis.end
    return g.insert(node, "Pad", inputs, shape)


def _largest(node: ir.Node, value: ir.Value, number: int, axis: windows.Axis) -> ir.Value:
    """Insert the running maximum along one axis, at every place that a stride may ask for."""
    places = (axis.steps - 1) * axis.stride + 1
    largest: ir.Value | None = None
    for tap in range(axis.kernel):
        part = g.sliced(node, value, number, tap * axis.dilation, places)
        shape = g.shape_of(part)
        largest = part if largest is None else g.insert(node, "Max", [largest, part], shape)
    return value if largest is None else largest
