"""A convolution behind shuffles, splits and concatenations reads the channels where they were made.

A shuffle of joined halves (ShuffleNetV2) interleaves channels only for the next split to part them.
What a convolution reads is then a range of each earlier layer's channels, in whatever order its
weights are given, and the part that passes a unit by need not move at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations
from edgekit.export.lowering import permutation_into_conv as neighbours

MOST_RANGES = 12
"""For one convolution; ShuffleNetV2's longest stage comes to 8."""

Channel = tuple[ir.Value, int]
"""A value of the graph, and the index of one of its channels."""


def rewrite(node: ir.Node) -> bool:
    """Match the convolution."""
    if not _takes_any_order(node):
        return False
    read = g.operand(node, 0)
    channels = _origins(read)
    shuffles = list(_shuffles(read))
    if not shuffles or not all(_goes_to_convolutions(each.outputs[0]) for each in shuffles):
        return False
    ranges = list(_ranges(channels))
    if len(ranges) > MOST_RANGES or len(set(channels)) < len(channels):  # one is read twice
        return False
    position = {channel: place for place, channel in enumerate(channels)}
    order = np.array(
        [position[value, i] for value, start, end in ranges for i in range(start, end)]
    )
    parts = [_slice(node, *each) for each in ranges]
    joined = _join(node, parts, g.shape_of(read)) if len(parts) > 1 else parts[0]
    node.replace_input_with(0, joined)
    if neighbours.is_dense(node):
        weight = g.constant(node.inputs[1])
        if weight is not None:
            neighbours.set_constant(node, 1, weight[:, order])
    else:
        neighbours.reorder_outputs(node, order)
        restored = g.add_constant(g.graph_of(node), "restored_channels", np.argsort(order))
        neighbours.rewrite(neighbours.put_behind(node, restored))
    return True


def _takes_any_order(node: ir.Node | None) -> bool:
    """Tell whether it is a dense convolution, or a plain depthwise one that feeds a dense one."""
    if node is None or not neighbours.has_constants(node):
        return False
    if neighbours.is_dense(node):
        return True
    following = neighbours.following_conv(node)
    into_dense = following is not None and neighbours.is_dense(following)
    return into_dense and neighbours.is_plain_depthwise(node)


def _moves_channels(node: ir.Node | None) -> bool:
    """Tell whether it is a permutation, split or concatenation of channels."""
    if node is None:
        return False
    if g.is_op(node, "Split", "Concat"):
        return node.attributes.get_int("axis", 0) % len(g.shape_of(node.outputs[0])) == 1
    return permutations.of_gather(node) is not None


def _shuffles(value: ir.Value) -> Iterator[ir.Node]:
    """Yield the permutations through which ``value`` comes."""
    node = value.producer()
    if node is None or not _moves_channels(node):
        return
    if g.is_op(node, "Gather"):
        yield node
    for index in range(len(node.inputs) if g.is_op(node, "Concat") else 1):
        yield from _shuffles(g.operand(node, index))


def _goes_to_convolutions(value: ir.Value) -> bool:
    if value.is_graph_output():
        return False
    for use in value.uses():
        if _moves_channels(use.node):
            if not all(_goes_to_convolutions(output) for output in use.node.outputs):
                return False
        elif not _takes_any_order(use.node):
            return False
    return True


def _origins(value: ir.Value) -> list[Channel]:
    """Return where each channel of ``value`` was made."""
    node = value.producer()
    if node is None or not _moves_channels(node):
        return [(value, index) for index in range(g.shape_of(value)[1])]
    if g.is_op(node, "Concat"):
        parts = [_origins(g.operand(node, index)) for index in range(len(node.inputs))]
        return [channel for part in parts for channel in part]
    whole = _origins(g.operand(node, 0))
    if g.is_op(node, "Split"):
        sizes = [g.shape_of(output)[1] for output in node.outputs]
        start = sum(sizes[: node.outputs.index(value)])
        return whole[start : start + g.shape_of(value)[1]]
    order = permutations.of_gather(node)
    return whole if order is None else [whole[index] for index in order]


def _ranges(channels: list[Channel]) -> Iterator[tuple[ir.Value, int, int]]:
    """Yield the fewest ranges of channels that hold these, value by value."""
    for value in dict.fromkeys(value for value, _ in channels):
        indices = np.sort([index for each, index in channels if each is value])
        for run in np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1):
            yield value, int(run[0]), int(run[-1]) + 1


def _slice(node: ir.Node, value: ir.Value, start: int, end: int) -> ir.Value:
    batch, channels, *size = g.shape_of(value)
    if end - start == channels:
        return value
    for use in value.uses():
        made = [g.constant(each) for each in use.node.inputs[1:4]]
        if g.is_op(use.node, "Slice") and made == [[start], [end], [1]]:
            return use.node.outputs[0]
    graph = g.graph_of(node)
    limits = [
        g.add_constant(graph, name, np.array([number], np.int64))
        for name, number in (("range_start", start), ("range_end", end), ("channel_axis", 1))
    ]
    return g.insert(node, "Slice", [value, *limits], (batch, end - start, *size))


def _join(node: ir.Node, parts: Sequence[ir.Value], shape: tuple[int, ...]) -> ir.Value:
    for use in parts[0].uses():
        if g.is_op(use.node, "Concat") and tuple(use.node.inputs) == tuple(parts):
            return use.node.outputs[0]
    return g.insert(node, "Concat", parts, shape, {"axis": 1})
