"""DepthToSpace and SpaceToDepth: blocks of an image map become channels, and back."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import orders
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_CODES = {
    "DepthToSpace": ("DEPTH_TO_SPACE", "DepthToSpaceOptions"),
    "SpaceToDepth": ("SPACE_TO_DEPTH", "SpaceToDepthOptions"),
}


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit either; TFLite orders channels as ONNX's mode DCR does."""
    if node.attributes.get_string("mode", "DCR") != "DCR":
        raise refuse(node, "mode CRD was not lowered", "unsupported-mode")
    code, options = _CODES[node.op_type]
    source = writer.tensor(node.inputs[0], orders.channels_last(4))
    block = node.attributes.get_int("blocksize", 1)
    result = writer.output(node.outputs[0])
    if writer.program.tensors[source].dtype == np.int16:
        _emit_moves(writer, node, source, result)
        return
    writer.emit(code, [source], [result], options, {"blockSize": block})


def _emit_moves(writer: Writer, node: ir.Node, source: int, result: int) -> None:
    """Emit RESHAPE, TRANSPOSE, RESHAPE: LiteRT's kernels of blocks take no int16."""
    block, name = node.attributes.get_int("blocksize", 1), node.outputs[0].name
    spread = node.op_type == "DepthToSpace"
    shape = writer.program.tensors[source if spread else result].shape
    batch, rows, columns, depth = shape
    split = (batch, rows, columns, block, block, depth // block**2)
    woven = (batch, rows, block, columns, block, depth // block**2)
    parts = writer.reshape(source, split if spread else woven, f"{name}_blocks")
    turned = writer.transpose(parts, (0, 1, 3, 2, 4, 5), f"{name}_turned")  # its own inverse
    writer.reshape(turned, writer.program.tensors[result].shape, str(name), result)


EMITTERS: Emitters = {("", "DepthToSpace"): emit, ("", "SpaceToDepth"): emit}
VERSIONS: Versions = {"DEPTH_TO_SPACE": (1, 1), "SPACE_TO_DEPTH": (1, 1)}
