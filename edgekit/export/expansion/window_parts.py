"""Depthwise convolutions of one map whose sum is that of a larger window, taken apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


@dataclass(frozen=True)
class Taps:
    """Which elements a window reads along one axis, and where it stands on the map.

    Attributes:
        first: place of the first tap of the first window; negative in padding.
        count: how many.
        step: from one to the next.
        stride: from one window to the next.
    """

    first: int
    count: int
    step: int
    stride: int

    @property
    def places(self) -> range:
        """Of the first window."""
        return range(self.first, self.first + self.count * self.step, self.step)


@dataclass(frozen=True, eq=False)
class Part:
    """One of the convolutions.

    Attributes:
        node: itself.
        source: the map, before some of its rows or columns are left out.
        axes: of height and width.
    """

    node: ir.Node
    source: ir.Value
    axes: tuple[Taps, Taps]


@dataclass(frozen=True, eq=False)
class Whole:
    """The window that parts are of.

    Attributes:
        parts: in the order of the sum.
        axes: of height and width.
    """

    parts: tuple[Part, ...]
    axes: tuple[Taps, Taps]

    @property
    def pads(self) -> tuple[int, int, int, int]:
        """Padding as a Conv has it: before both axes, after both."""
        shape, made = (
            g.shape_of(value)[2:] for value in (self.parts[0].source, self.parts[0].node.outputs[0])
        )
        lasts = (
            (steps - 1) * axis.stride + axis.places[-1] + 1
            for steps, axis in zip(made, self.axes, strict=True)
        )
        after = tuple(max(last - size, 0) for last, size in zip(lasts, shape, strict=True))
        return (-self.axes[0].first, -self.axes[1].first, after[0], after[1])

    def put_together(self, kernels: list[np.ndarray]) -> np.ndarray:
        """Return one kernel (channels, 1, rows, columns) from those of the parts."""
        rows, columns = self.axes
        whole = np.zeros((*kernels[0].shape[:2], rows.count, columns.count), kernels[0].dtype)
        for part, kernel in zip(self.parts, kernels, strict=True):
            height, width = self.places_of(part)
            whole[:, :, height, width] = kernel
        return whole

    def places_of(self, part: Part) -> tuple[np.ndarray, ...]:
        """Return indices of a part's taps among those of the whole, as `numpy.ix_` does."""
        height, width = (
            [(place - whole.first) // whole.step for place in axis.places]
            for axis, whole in zip(part.axes, self.axes, strict=True)
        )
        return np.ix_(height, width)


def of_sum(node: ir.Node) -> Whole | None:
    """Return the window whose parts an Add sums up; None for any other sum.

    Args:
        node: of a quantizable or an encoded graph.
    """
    if not g.is_op(node, "Add"):
        return None
    parts = [_part(each) for each in _terms(node)]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts) or any(part.source is not known[0].source for part in known):
        return None
    axes = tuple(_joined([part.axes[number] for part in known]) for number in (0, 1))
    height, width = axes
    if height is None or width is None:
        return None
    whole = Whole(tuple(known), (height, width))
    read = np.zeros((height.count, width.count), int)
    for part in known:
        read[whole.places_of(part)] += 1
    return whole if (read == 1).all() and _makes_as_many(whole) else None


def _terms(node: ir.Node) -> Iterator[ir.Node | None]:
    """Yield what makes the terms of a sum of sums."""
    for value in node.inputs:
        producer = None if value is None else value.producer()
        if value is None or producer is None or g.sole_consumer(value) is None:
            yield None
        elif g.is_op(producer, "Add"):
            yield from _terms(producer)
        else:
            yield producer


def _part(node: ir.Node | None) -> Part | None:
    if node is None or not windows.is_windowed(node) or not _is_plain_depthwise(node):
        return None
    source = g.operand(node, 0)
    left_out = [[0, 0], [0, 0]]  # before and after, of height and width
    while g.is_op(source.producer(), "Slice"):
        cut = _cut(source)
        if cut is None:
            break
        number, start, rest = cut
        left_out[number - 2][0] += start
        left_out[number - 2][1] += rest
        source = g.operand(_producer(source), 0)
    axes = windows.axes_of(node)
    ends = node.attributes.get_ints("pads", (0, 0, 0, 0))[2:]
    for axis, (before, after), end in zip(axes, left_out, ends, strict=True):
        if (before and axis.begin) or (after and min(end, axis.end)):
            return None  # what is padding here is none in the source
    height, width = (
        Taps(before - axis.begin, axis.kernel, axis.dilation, axis.stride)
        for axis, (before, _) in zip(axes, left_out, strict=True)
    )
    return Part(node, source, (height, width))


def _is_plain_depthwise(node: ir.Node) -> bool:
    arrays = [g.constant(value) for value in node.inputs[1:] if value is not None]
    if not g.is_op(node, "Conv") or any(array is None for array in arrays):
        return False
    shape = g.shape_of(g.operand(node, 1))
    return len(shape) == 4 and shape[1] == 1 and node.attributes.get_int("group", 1) == shape[0]


def _cut(value: ir.Value) -> tuple[int, int, int] | None:
    """Return the axis of a Slice, height or width, and how many it leaves out at both ends."""
    node = _producer(value)
    bounds = [g.scalar(operand) for operand in node.inputs[1:] if operand is not None]
    if len(bounds) != 3 or None in bounds:
        return None
    start, axis = (int(bounds[index] or 0) for index in (0, 2))
    sizes = [g.shape_of(each) for each in (g.operand(node, 0), value)]
    if axis not in (2, 3) or start < 0:
        return None
    return axis, start, sizes[0][axis] - start - sizes[1][axis]


def _producer(value: ir.Value) -> ir.Node:
    node = value.producer()
    if node is None:
        raise ValueError(f"nothing makes {value.name!r}")
    return node


def _joined(axes: list[Taps]) -> Taps | None:
    """Return what several windows read together; None if that is not evenly spaced."""
    places = sorted({place for axis in axes for place in axis.places})
    steps = {later - earlier for earlier, later in itertools.pairwise(places)}
    strides = {axis.stride for axis in axes}
    if len(steps) > 1 or len(strides) > 1 or places[0] > 0:
        return None
    return Taps(places[0], len(places), steps.pop() if steps else 1, strides.pop())


def _makes_as_many(whole: Whole) -> bool:
    """Tell whether a Conv with this window and padding has as many results as the parts."""
    part, pads = whole.parts[0], whole.pads
    sizes = zip(g.shape_of(part.source)[2:], g.shape_of(part.node.outputs[0])[2:], strict=True)
    return all(
        (size + pads[number] + pads[number + 2] - (axis.count - 1) * axis.step - 1) // axis.stride
        == steps - 1
        for number, ((size, steps), axis) in enumerate(zip(sizes, whole.axes, strict=True))
    )
