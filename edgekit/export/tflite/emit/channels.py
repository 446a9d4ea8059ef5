"""Channel permutations in NHWC: shuffle, roll, and the general case."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer


def emit_shuffle(writer: Writer, node: ir.Node) -> None:
    """Emit RESHAPE to (N, H*W, groups, C/groups), TRANSPOSE of the last two axes, RESHAPE."""
    groups = node.attributes.get_int("groups", 1)
    name = g.label(node)
    batch, channels, height, width = g.shape_of(node.outputs[0])
    source = writer.tensor(node.inputs[0], orders.channels_last(4))
    shape = (batch, height * width, groups, channels // groups)
    split = writer.reshape(source, shape, f"{name}_split")
    swapped = writer.transpose(split, (0, 1, 3, 2), f"{name}_swapped")
    target = writer.output(node.outputs[0])
    writer.reshape(swapped, (batch, height, width, channels), name, target)


def emit_roll(writer: Writer, node: ir.Node) -> None:
    """Emit the roll of both axes of (groups, C/groups): slice and concatenate along each.

    The inner axis is rolled while transposed to be the outer one, so that whole groups are
    copied and not single floats: measured two to three times faster.
    """
    groups = node.attributes.get_int("groups", 1)
    name = g.label(node)
    batch, channels, height, width = g.shape_of(node.outputs[0])
    shape = (batch, height * width, groups, channels // groups)
    source = writer.tensor(node.inputs[0], orders.channels_last(4))
    value = writer.reshape(source, shape, f"{name}_split")
    if shape[2] > 1:
        value = _roll_by_one(writer, value, f"{name}_outer")
    if shape[3] > 1:
        value = writer.transpose(value, (0, 1, 3, 2), f"{name}_swapped")
        value = _roll_by_one(writer, value, f"{name}_inner")
        value = writer.transpose(value, (0, 1, 3, 2), f"{name}_restored")
    target = writer.output(node.outputs[0])
    writer.reshape(value, (batch, height, width, channels), name, target)


def _roll_by_one(writer: Writer, source: int, name: str) -> int:
    """Roll a rank-4 tensor by one along axis 2."""
    shape, axis = writer.program.tensors[source].shape, 2
    parts = []
    for start, size in ((1, shape[axis] - 1), (0, 1)):
        begins, sizes = [0] * len(shape), list(shape)
        begins[axis], sizes[axis] = start, size
        part = writer.temporary(f"{name}_from_{start}", sizes, source)
        inputs = [
            source,
            writer.constant("slice_begin", np.array(begins, dtype=np.int32)),
            writer.constant("slice_size", np.array(sizes, dtype=np.int32)),
        ]
        writer.emit("SLICE", inputs, [part], "SliceOptions")
        parts.append(part)
    rolled = writer.temporary(f"{name}_rolled", shape, source)
    writer.emit("CONCATENATION", parts, [rolled], "ConcatenationOptions", {"axis": axis})
    return rolled


EMITTERS: Emitters = {
    ("edgekit", "ChannelRoll"): emit_roll,
    ("edgekit", "ChannelShuffle"): emit_shuffle,
}
VERSIONS: Versions = {}
