"""Resize of a map's height and width: nearest and linear, where LiteRT takes the same elements."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import resampling
from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_FLAGS_VERSION = 3  # the first with half_pixel_centers, and with align_corners of nearest
_MOST_COPIES = 4  # of an element side by side: what the delegate's concatenation takes


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit RESIZE_BILINEAR; for nearest, concatenations, RESIZE_NEAREST_NEIGHBOR or GATHER."""
    samplings = resampling.of(node)
    if samplings is None:
        raise refuse(
            node, "sizes or scales that are computed, or give no whole sizes", "resize-sizes"
        )
    if len(writer.order(node.outputs[0])) != 4 or any(s.axis < 2 for s in samplings):
        raise refuse(node, "a resize of more than height and width", "unsupported-rank")
    source = writer.tensor(node.inputs[0], orders.channels_last(4))
    flags = resampling.litert_flags(node, samplings)
    if flags is not None and node.attributes.get_string("mode", "nearest") == "linear":
        _emit_resize(writer, node, "RESIZE_BILINEAR", "ResizeBilinearOptions", source, flags)
        return
    picks = [sampling.picks for sampling in samplings]
    chosen = [pick for pick in picks if pick is not None]
    if len(chosen) < len(picks):
        raise refuse(node, "this coordinate transformation is not supported", "resize-mode")
    axes = [sampling.axis - 1 for sampling in samplings]  # as stored
    copies = [_copies(pick) for pick in chosen]
    if all(1 <= count <= _MOST_COPIES for count in copies):
        _emit_copies(writer, node, source, dict(zip(axes, copies, strict=True)))
    elif flags is not None:
        code, options = "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighborOptions"
        _emit_resize(writer, node, code, options, source, flags)
    else:
        _emit_gathers(writer, node, source, dict(zip(axes, chosen, strict=True)))


def _emit_resize(
    writer: Writer,
    node: ir.Node,
    code: str,
    options: str,
    source: int,
    flags: resampling.Flags,
) -> None:
    height, width = g.shape_of(node.outputs[0])[2:]
    size = writer.constant("size", np.array([height, width], dtype=np.int32))
    values = {"alignCorners": flags.aligned, "halfPixelCenters": flags.centered}
    is_new = flags.centered or (flags.aligned and code == "RESIZE_NEAREST_NEIGHBOR")
    target = writer.output(node.outputs[0])
    version = _FLAGS_VERSION if is_new else 1
    writer.emit(code, [source, size], [target], options, values, version=version)


def _copies(picks: np.ndarray) -> int:
    """Return how often each element in turn is taken; 0 where it is no whole number of times."""
    count = len(picks) // (int(picks.max()) + 1)
    return count if np.array_equal(picks, np.arange(len(picks)) // max(count, 1)) else 0


def _emit_copies(writer: Writer, node: ir.Node, source: int, copies: dict[int, int]) -> None:
    """Repeat pixels, then rows, by concatenations: exact, and whole on the XNNPACK delegate."""
    name = g.label(node)
    batch, height, width, channels = writer.program.tensors[source].shape
    target = writer.output(node.outputs[0])
    if copies.get(2, 1) > 1:
        shape = (batch * height * width, 1, channels)
        source = _repeat(writer, source, shape, copies[2], f"{name}_wide")
        width *= copies[2]
    if copies.get(1, 1) > 1:
        shape = (batch * height, 1, width * channels)
        source = _repeat(writer, source, shape, copies[1], f"{name}_high")
    writer.reshape(source, writer.shape(node.outputs[0]), name, target)


def _repeat(writer: Writer, source: int, shape: tuple[int, ...], count: int, name: str) -> int:
    parts = writer.reshape(source, shape, f"{name}_parts")
    joined = writer.temporary(name, (shape[0], count, shape[2]), parts)
    writer.emit("CONCATENATION", [parts] * count, [joined], "ConcatenationOptions", {"axis": 1})
    return joined


def _emit_gathers(writer: Writer, node: ir.Node, source: int, picks: dict[int, np.ndarray]) -> None:
    target = writer.output(node.outputs[0])
    for place, (axis, chosen) in enumerate(picks.items()):
        shape = list(writer.program.tensors[source].shape)
        shape[axis] = len(chosen)
        is_last = place == len(picks) - 1
        made = target if is_last else writer.temporary(f"{g.label(node)}_{axis}", shape, source)
        indices = writer.constant("picked", chosen.astype(np.int32))
        writer.emit("GATHER", [source, indices], [made], "GatherOptions", {"axis": axis})
        source = made


EMITTERS: Emitters = {("", "Resize"): emit}
VERSIONS: Versions = {"RESIZE_BILINEAR": (2, 4), "RESIZE_NEAREST_NEIGHBOR": (2, 4)}
