"""What the pooling rules and the writer share: the geometry of sliding windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


@dataclass(frozen=True)
class Axis:
    """A sliding window along one axis.

    Attributes:
        size: elements of the input.
        steps: elements of the output.
        kernel: elements of the window.
        stride: from one window to the next.
        begin: padding before the first element.
        dilation: from one element of the window to the next.
    """

    size: int
    steps: int
    kernel: int
    stride: int
    begin: int
    dilation: int = 1

    @property
    def end(self) -> int:
        """Padding after the last element that a window reaches, whatever was asked for."""
        return max(self._padding - self.begin, 0)

    @property
    def is_same(self) -> bool:
        """Whether TFLite's SAME padding gives the same windows."""
        covers = self.steps == -(-self.size // self.stride)
        return covers and self.begin == max(self._padding, 0) // 2

    @property
    def starts_beyond(self) -> bool:
        """Whether a window starts behind the input, where readers of ONNX do not agree."""
        return (self.steps - 1) * self.stride >= self.size + self.begin

    @property
    def _padding(self) -> int:
        reach = (self.kernel - 1) * self.dilation + 1
        return (self.steps - 1) * self.stride + reach - self.size

    def shares(self, counted: int | None) -> np.ndarray:
        """Return, window by window, how many elements an average divides by.

        Args:
            counted: padding after the last element that counts as elements, and with it all
                padding before the first; None where no padding counts.
        """
        low, high = (0, self.size) if counted is None else (-self.begin, self.size + counted)
        starts = np.arange(self.steps) * self.stride - self.begin
        return np.minimum(starts + self.kernel, high) - np.maximum(starts, low)


@dataclass(frozen=True)
class Pool:
    """The two axes of a pool, height and width, and the end padding that its node declares."""

    axes: tuple[Axis, Axis]
    declared_ends: tuple[int, int]

    @property
    def pads(self) -> bool:
        """Whether any window reaches beyond the input."""
        return any(axis.begin or axis.end for axis in self.axes)

    @property
    def is_same(self) -> bool:
        """Whether TFLite's SAME padding gives the same windows."""
        return all(axis.is_same for axis in self.axes)


def of_pool(node: ir.Node) -> Pool | None:
    """Return the geometry of a 2-D pool; None for dilated windows, ``auto_pad`` and other nodes."""
    if not g.is_op(node, "MaxPool", "AveragePool") or len(node.outputs) != 1:
        return None
    get = node.attributes
    kernel = tuple(get.get_ints("kernel_shape", ()))
    strides = tuple(get.get_ints("strides", (1, 1)))
    pads = tuple(get.get_ints("pads", (0, 0, 0, 0)))
    dilated = any(step != 1 for step in get.get_ints("dilations", (1, 1)))
    if len(kernel) != 2 or dilated or get.get_string("auto_pad", "NOTSET") != "NOTSET":
        return None
    sizes, steps = g.shape_of(g.operand(node, 0))[2:], g.shape_of(node.outputs[0])[2:]
    height, width = (
        Axis(sizes[i], steps[i], kernel[i], strides[i], pads[i]) for i in range(len(kernel))
    )
    if height.starts_beyond or width.starts_beyond:
        return None
    return Pool((height, width), (pads[2], pads[3]))


def unpadded(node: ir.Node, source: ir.Value) -> ir.Value:
    """Insert the pool ``node`` over ``source``, which is padded already, and return its output."""
    attributes = {
        "kernel_shape": tuple(node.attributes.get_ints("kernel_shape", ())),
        "strides": tuple(node.attributes.get_ints("strides", (1, 1))),
    }
    return g.insert(node, node.op_type, [source], g.shape_of(node.outputs[0]), attributes)


def zero_padded(node: ir.Node, pool: Pool) -> ir.Value:
    """Insert a zero Pad of all that the windows of ``node`` reach, and return its output."""
    source = g.operand(node, 0)
    height, width = pool.axes
    amounts = [0, 0, height.begin, width.begin, 0, 0, height.end, width.end]
    pads = g.add_constant(g.graph_of(node), "pool_pads", np.array(amounts, dtype=np.int64))
    shape = (
        *g.shape_of(source)[:2],
        height.begin + height.size + height.end,
        width.begin + width.size + width.end,
    )
    return g.insert(node, "Pad", [source, pads], shape)


WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool")
"""Operators whose windows slide over all axes but the first two."""

_PER_AXIS = ("kernel_shape", "strides", "dilations", "pads", "output_padding")


def is_windowed(node: ir.Node) -> bool:
    """Tell whether ``node`` slides windows with explicit padding, and has one result."""
    is_padded = node.attributes.get_string("auto_pad", "NOTSET") == "NOTSET"
    no_shape = "output_shape" not in node.attributes
    if not (g.is_op(node, *WINDOWED) and is_padded and no_shape) or has_indices(node):
        return False
    is_layer = g.is_op(node, "Conv", "ConvTranspose")
    return is_layer or not any(axis.starts_beyond for axis in axes_of(node))


def has_indices(node: ir.Node) -> bool:
    """Tell whether somebody reads the second result of a MaxPool."""
    others = node.outputs[1:]
    return any(value.uses() or value.is_graph_output() for value in others)


def scalars(node: ir.Node) -> dict[str, g.AttributeValue]:
    """Return the attributes of a windowed node that do not count by axis."""
    left_out = (*_PER_AXIS, "auto_pad")
    found = g.plain_attributes(node)
    return {name: value for name, value in found.items() if name not in left_out}


def of_axes(node: ir.Node, kept: tuple[int | None, ...]) -> dict[str, g.AttributeValue]:
    """Return the attributes of a pool over some of the axes; None stands for one left alone."""
    attributes, get = scalars(node), node.attributes
    for name in ("kernel_shape", "strides", "dilations"):
        given = tuple(get.get_ints(name, ()))
        if given:
            attributes[name] = [1 if axis is None else given[axis] for axis in kept]
    pads = tuple(get.get_ints("pads", ()))
    if pads:
        half = len(pads) // 2
        attributes["pads"] = [
            0 if axis is None else pads[axis + side] for side in (0, half) for axis in kept
        ]
    return attributes


def axes_of(node: ir.Node) -> tuple[Axis, ...]:
    """Return the geometry of a pool or convolution of any rank, with explicit padding."""
    get = node.attributes
    sizes, steps = g.shape_of(g.operand(node, 0))[2:], g.shape_of(node.outputs[0])[2:]
    ones = (1,) * len(sizes)
    is_layer = g.is_op(node, "Conv", "ConvTranspose")
    kernel = (
        g.shape_of(g.operand(node, 1))[2:] if is_layer else tuple(get.get_ints("kernel_shape", ()))
    )
    strides, dilations = get.get_ints("strides", ones), get.get_ints("dilations", ones)
    pads = get.get_ints("pads", (0,) * len(ones))
    return tuple(
        Axis(sizes[i], steps[i], kernel[i], strides[i], pads[i], dilations[i])
        for i in range(len(sizes))
    )


def taps(node: ir.Node, number: int) -> np.ndarray:
    """Return how many elements each window of an AveragePool divides by along one axis."""
    axis, get = axes_of(node)[number], node.attributes
    ends = tuple(get.get_ints("pads", (0, 0, 0, 0)))[2:]
    counted = ends[number] if get.get_int("count_include_pad", 0) == 1 else None
    low, high = (0, axis.size) if counted is None else (-axis.begin, axis.size + counted)
    starts = np.arange(axis.steps) * axis.stride - axis.begin
    places = starts[:, None] + np.arange(axis.kernel) * axis.dilation
    return np.asarray(((places >= low) & (places < high)).sum(axis=1))
