"""The indices of a MaxPool: which of the window's shifted slices is the largest, counted anew."""

from __future__ import annotations

import itertools

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows

_LOWEST = float(np.finfo(np.float32).min)
_MOST_TAPS = 64


def rewrite(node: ir.Node) -> bool:
    """Match the MaxPool of a map with indices in the order of rows."""
    if not g.is_op(node, "MaxPool") or len(node.outputs) < 2:
        return False
    indices, source = node.outputs[1], g.operand(node, 0)
    by_columns = node.attributes.get_int("storage_order", 0)
    if by_columns or not (indices.uses() or indices.is_graph_output()):
        return False
    if len(g.shape_of(source)) != 4 or source.dtype not in (None, ir.DataType.FLOAT):
        return False
    axes = windows.axes_of(node)
    taps = list(itertools.product(*(range(axis.kernel) for axis in axes)))
    if len(taps) > _MOST_TAPS or any(axis.starts_beyond for axis in axes):
        return False
    build, made = Building(node), g.shape_of(node.outputs[0])
    whole = _padded(build, axes)
    parts = [build.reshape(_tap(build, whole, tap, axes), (1, *made)) for tap in taps]
    stacked = build.concat(parts, 0)
    first: dict[str, g.AttributeValue] = {"axis": 0, "keepdims": 0}
    which = build.apply("ArgMax", stacked, shape=made, dtype=ir.DataType.INT64, attributes=first)
    width = axes[1].size
    steps = np.array([down * axes[0].dilation * width + right * axes[1].dilation
                      for down, right in taps], np.int64)  # fmt: skip
    starts = [np.arange(axis.steps) * axis.stride - axis.begin for axis in axes]
    plane = axes[0].size * width * np.arange(made[0] * made[1]).reshape(made[0], made[1], 1, 1)
    base = plane + starts[0][:, None] * width + starts[1]
    step = build.gather(build.constant(steps, "steps"), which, 0)
    found = build.apply("Add", step, build.constant(base.astype(np.int64), "starts"))
    if indices.is_graph_output():
        name = indices.name
        indices.name, found.name = f"{name}_replaced", name
    indices.replace_all_uses_with(found, replace_graph_outputs=True)
    node.resize_outputs(1)
    return True


def _tap(
    build: Building, value: ir.Value, tap: tuple[int, ...], axes: tuple[windows.Axis, ...]
) -> ir.Value:
    """Return what one element of every window holds."""
    for number, (place, axis) in enumerate(zip(tap, axes, strict=True), start=2):
        begin = place * axis.dilation
        value = build.slice(value, number, begin, begin + (axis.steps - 1) * axis.stride + 1)
    strides = [axis.stride for axis in axes]
    if strides == [1, 1]:
        return value
    shape = (*g.shape_of(value)[:2], *(axis.steps for axis in axes))
    bounds = [np.array(b, np.int64) for b in ([0, 0], g.shape_of(value)[2:], [2, 3], strides)]
    return build.apply("Slice", value, *(build.constant(b) for b in bounds), shape=shape)


def _padded(build: Building, axes: tuple[windows.Axis, ...]) -> ir.Value:
    """Return the map with the lowest number around it."""
    source = g.operand(build.node, 0)
    if not any(axis.begin or axis.end for axis in axes):
        return source
    begins, ends = [axis.begin for axis in axes], [axis.end for axis in axes]
    amounts = build.constant(np.array([0, 0, *begins, 0, 0, *ends], np.int64), "pads")
    grown = [axis.size + axis.begin + axis.end for axis in axes]
    shape = (*g.shape_of(source)[:2], *grown)
    return build.apply("Pad", source, amounts, build.constant(_LOWEST), shape=shape)
