"""Padding of sliding windows: SAME or VALID where TFLite can say it, an explicit PAD elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders, windows
from edgekit.export.graph.annotations import EVEN
from edgekit.export.tflite.writer import Writer, refuse

SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


def windows_of(node: ir.Node) -> tuple[windows.Axis, ...]:
    """Read the windows of a Conv, ConvTranspose or pool, one an axis.

    Raises:
        UnsupportedOperatorError: for windows along one axis, or more than three, or with
            strides below one.
    """
    rank = len(g.shape_of(g.operand(node, 0)))
    if rank not in (4, 5):
        raise refuse(node, f"windows over a value of rank {rank}", "unsupported-rank")
    axes = windows.axes_of(node)
    if min(min(axis.kernel, axis.stride, axis.dilation) for axis in axes) < 1:
        raise refuse(node, "windows with a size, stride or dilation below one", "window")
    return axes


def padded_input(writer: Writer, node: ir.Node, axes: tuple[windows.Axis, ...]) -> tuple[int, int]:
    """Return (tensor number, padding scheme) of the windows' input, padding it if need be.

    Padding that no window reaches is dropped; explicit padding is zero.
    """
    source = writer.tensor(node.inputs[0], orders.channels_last(len(axes) + 2))
    if not any(axis.begin or axis.end for axis in axes):
        return source, VALID
    if all(axis.is_same for axis in axes):
        return source, SAME
    is_even = EVEN in node.meta
    amounts = [(axis.begin, axis.begin if is_even else axis.end) for axis in axes]
    return _pad(writer, f"{g.operand(node, 0).name}_padded", source, amounts), VALID


def _pad(writer: Writer, name: str, source: int, of_axes: Sequence[tuple[int, int]]) -> int:
    """Emit PAD over the axes of space; XNNPACK merges it into a convolution after it."""
    amounts = np.array([(0, 0), *of_axes, (0, 0)], dtype=np.int32)
    shape = [
        int(size + sum(amount))
        for size, amount in zip(writer.program.tensors[source].shape, amounts, strict=True)
    ]
    padded = writer.temporary(name, shape, source)
    writer.emit("PAD", [source, writer.constant("pads", amounts)], [padded], "PadOptions")
    return padded
