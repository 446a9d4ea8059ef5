"""Which channels of a network carry the same numbers, so that one factor must serve them all.

Two channels are one if a channelwise, positively homogeneous operator leads from one to the
other: ReLU, addition, maximum, pooling, permutation, concatenation, slicing. A layer is the border
between its input channels and its output channels. A channel that meets anything else is fixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, permutations, weight_layers
from edgekit.export.graph.activations import clip_bounds
from edgekit.export.integer import quantizable


@dataclass(frozen=True, eq=False)
class Channels:
    """The classes of a quantizable graph's channels.

    Attributes:
        of: class of each channel by value name, int64 (channels,).
        free: whether a class may have a factor, bool (classes,).
        ceilings: upper bounds of clips that a class passes, by class, float64 (classes,);
            infinite where there is none.
    """

    of: dict[str, np.ndarray]
    free: np.ndarray
    ceilings: np.ndarray


def classes(model: ir.Model) -> Channels:
    """Find the classes of a quantizable graph's channels."""
    start: dict[str, int] = {}
    total = 0
    for value in (*model.graph.inputs, *(v for node in model.graph for v in node.outputs)):
        start[str(value.name)] = total
        total += _count(value)
    finder = _Finder(total)

    def ids(value: ir.Value) -> np.ndarray:
        return np.arange(start[str(value.name)], start[str(value.name)] + _count(value))

    for value in (*model.graph.inputs, *model.graph.outputs):
        finder.fix(ids(value))
    for node in model.graph:
        _visit(node, finder, ids)
    roots = finder.roots()
    order, numbers = np.unique(roots, return_inverse=True)
    free = np.ones(order.size, bool)
    free[numbers[finder.fixed]] = False
    ceilings = np.full(order.size, np.inf)
    np.minimum.at(ceilings, numbers, finder.ceilings)
    of = {
        str(value.name): numbers[ids(value)]
        for value in (*model.graph.inputs, *(v for node in model.graph for v in node.outputs))
    }
    return Channels(of, free, ceilings)


class _Finder:
    """Union-find over numbered channels."""

    def __init__(self, total: int) -> None:
        self._parents = list(range(total))
        self.fixed = np.zeros(total, bool)
        self.ceilings = np.full(total, np.inf)

    def fix(self, channels: np.ndarray) -> None:
        self.fixed[channels] = True

    def unite(self, left: np.ndarray, right: np.ndarray) -> None:
        for a, b in zip(left.tolist(), right.tolist(), strict=True):
            self._parents[self._root(a)] = self._root(b)

    def _root(self, channel: int) -> int:
        while self._parents[channel] != channel:
            self._parents[channel] = self._parents[self._parents[channel]]
            channel = self._parents[channel]
        return channel

    def roots(self) -> np.ndarray:
        return np.array([self._root(number) for number in range(len(self._parents))])


def _count(value: ir.Value) -> int:
    shape = g.shape_of(value)
    return shape[1] if len(shape) > 1 else 1


def _visit(node: ir.Node, finder: _Finder, ids: Callable[[ir.Value], np.ndarray]) -> None:
    inputs = list(weight_layers.dynamic_inputs(node))
    output = node.outputs[0]
    if weight_layers.is_layer(node):
        return
    if g.is_op(node, "Clip") and clip_bounds(node)[0] == 0:
        finder.unite(ids(inputs[0]), ids(output))
        high = clip_bounds(node)[1]
        if math.isnan(high):
            finder.fix(ids(output))
        else:
            finder.ceilings[ids(output)] = high
    elif operators.of(node).channelwise or _pads_with_zero(node):
        finder.unite(ids(inputs[0]), ids(output))
    elif permutations.of_gather(node) is not None:
        finder.unite(ids(inputs[0])[permutations.of_gather(node)], ids(output))
    elif operators.of(node).joins and _all_alike(node, inputs):
        for value in inputs:
            finder.unite(ids(value), ids(output))
    elif g.is_op(node, "Concat", "Split") and _axis(node) == 1:
        parts = inputs if node.op_type == "Concat" else node.outputs
        whole = output if node.op_type == "Concat" else inputs[0]
        if len(inputs) == len(node.inputs) or node.op_type == "Split":
            finder.unite(np.concatenate([ids(part) for part in parts]), ids(whole))
            return
        finder.fix(np.concatenate([ids(value) for value in (*inputs, *node.outputs)]))
    elif g.is_op(node, "Reshape") and _keeps_channels(inputs[0], output):
        finder.unite(ids(inputs[0]), ids(output))
    else:
        finder.fix(np.concatenate([ids(value) for value in (*inputs, *node.outputs)]))


def _axis(node: ir.Node) -> int:
    rank = len(g.shape_of(node.outputs[0]))
    return node.attributes.get_int("axis", 0) % rank


def _all_alike(node: ir.Node, inputs: list[ir.Value]) -> bool:
    shape = g.shape_of(node.outputs[0])
    return len(inputs) == len(node.inputs) and all(g.shape_of(v) == shape for v in inputs)


def _pads_with_zero(node: ir.Node) -> bool:
    if not g.is_op(node, "Pad") or not quantizable.is_capable(node):
        return False
    return _count(node.outputs[0]) == _count(g.operand(node, 0))


def _keeps_channels(source: ir.Value, target: ir.Value) -> bool:
    before, after = g.shape_of(source), g.shape_of(target)
    same = len(before) > 1 and len(after) > 1 and before[:2] == after[:2]
    return same and math.prod(before[2:]) == math.prod(after[2:]) == 1
