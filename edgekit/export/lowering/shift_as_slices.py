"""A shift, written as a depthwise convolution with one-hot weights, as slices of the padded map.

No arithmetic at all, as the ShiftNet paper counts it; measured, it is mostly the slower form.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the convolution of stride 1."""
    taps = _taps(node)
    if taps is None:
        return False
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    graph = g.graph_of(node)
    top, left, bottom, right = node.attributes.get_ints("pads", (0, 0, 0, 0))
    *lead, height, width = g.shape_of(source)
    padded_shape = (*lead, height + top + bottom, width + left + right)
    amounts = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
    padded = g.insert(
        node, "Pad", [source, g.add_constant(graph, "shift_pads", amounts)], padded_shape
    )
    axes = g.add_constant(graph, "shift_axes", np.array([1, 2, 3], np.int64))
    parts = []
    for begin, end, (row, column) in _runs(taps):
        starts = np.array([begin, row, column], np.int64)
        ends = np.array([end, row + shape[2], column + shape[3]], np.int64)
        bounds = [g.add_constant(graph, "shift_bounds", each) for each in (starts, ends)]
        part_shape = (shape[0], end - begin, *shape[2:])
        parts.append(g.insert(node, "Slice", [padded, *bounds, axes], part_shape))
    joined = parts[0] if len(parts) == 1 else g.insert(node, "Concat", parts, shape, {"axis": 1})
    g.replace(node, joined)
    return True


def _taps(node: ir.Node) -> list[tuple[int, int]] | None:
    """Return (row, column) that the one weight of each channel reads; None if not a shift."""
    weight = g.constant(node.inputs[1]) if g.is_op(node, "Conv") else None
    if weight is None or weight.ndim != 4 or weight.shape[1] != 1:
        return None
    bias = g.constant(node.inputs[2]) if len(node.inputs) > 2 else np.zeros(1)
    if bias is None or bias.any():
        return None
    get = node.attributes
    if get.get_int("group", 1) != weight.shape[0] or set(get.get_ints("strides", (1, 1))) != {1}:
        return None
    one_hot = (weight != 0).sum(axis=(1, 2, 3)) == 1
    if not one_hot.all() or not (weight.max(axis=(1, 2, 3)) == 1).all():
        return None
    down, right = get.get_ints("dilations", (1, 1))
    return [(int(row) * down, int(column) * right) for _, _, row, column in np.argwhere(weight)]


def _runs(taps: list[tuple[int, int]]) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Yield (begin, end, tap) of the channels that are shifted alike."""
    begin = 0
    for channel in range(1, len(taps) + 1):
        if channel == len(taps) or taps[channel] != taps[begin]:
            yield begin, channel, taps[begin]
            begin = channel
