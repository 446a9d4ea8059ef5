"""Padding of sliding windows: SAME or VALID where TFLite can say it, an explicit PAD elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders, windows
from edgekit.export.tflite.writer import Writer, refuse

SAME, VALID = schema.Padding.SAME, schema.Padding.VALID


@dataclass(frozen=True)
class Window:
    """A 2-D sliding window, (height, width) each."""

    kernel: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    begins: tuple[int, int]
    ends: tuple[int, int]

    def __post_init__(self) -> None:
        if min(*self.kernel, *self.strides, *self.dilations) < 1:
            raise ValueError(f"window sizes must be positive: {self}")


def window_of(node: ir.Node, kernel: tuple[int, int]) -> Window:
    """Read the window attributes of a Conv or pool.

    Raises:
        UnsupportedOperatorError: for windows that are not 2-D.
    """
    strides = tuple(node.attributes.get_ints("strides", (1, 1)))
    dilations = tuple(node.attributes.get_ints("dilations", (1, 1)))
    pads = tuple(node.attributes.get_ints("pads", (0, 0, 0, 0)))
    if len(strides) != 2 or len(dilations) != 2 or len(pads) != 4:
        raise refuse(node, "only 2-D windows are supported", "unsupported-rank")
    return Window(
        kernel, (strides[0], strides[1]), (dilations[0], dilations[1]), pads[:2], pads[2:]
    )


def padded_input(writer: Writer, node: ir.Node, window: Window) -> tuple[int, int]:
    """Return (tensor number, padding scheme) of the window's input, padding it if need be.

    Padding that no window reaches is dropped; explicit padding is zero.
    """
    value = g.operand(node, 0)
    in_size = g.shape_of(value)[2:]
    out_size = g.shape_of(node.outputs[0])[2:]
    axes = [
        windows.Axis(
            in_size[i],
            out_size[i],
            window.kernel[i],
            window.strides[i],
            window.begins[i],
            window.dilations[i],
        )
        for i in range(len(in_size))
    ]
    source = writer.tensor(value, orders.channels_last(4))
    begins, ends = [axis.begin for axis in axes], [axis.end for axis in axes]
    if not any(begins) and not any(ends):
        return source, VALID
    if all(axis.is_same for axis in axes):
        return source, SAME
    return _pad(writer, value, begins, ends), VALID


def _pad(writer: Writer, value: ir.Value, begins: list[int], ends: list[int]) -> int:
    """Emit PAD over height and width; XNNPACK merges it into a convolution after it."""
    batch, channels, height, width = g.shape_of(value)
    amounts = np.array([[0, 0], [begins[0], ends[0]], [begins[1], ends[1]], [0, 0]], dtype=np.int32)
    shape = (batch, height + sum(amounts[1]), width + sum(amounts[2]), channels)
    source = writer.tensor(value, orders.channels_last(4))
    padded = writer.temporary(f"{value.name}_padded", [int(size) for size in shape], source)
    inputs = [source, writer.constant("pads", amounts)]
    writer.emit("PAD", inputs, [padded], "PadOptions")
    return padded
