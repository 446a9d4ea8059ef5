"""DepthToSpace and SpaceToDepth: blocks of an image map become channels, and back."""

from __future__ import annotations

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
    values = {"blockSize": node.attributes.get_int("blocksize", 1)}
    writer.emit(code, [source], [writer.output(node.outputs[0])], options, values)


EMITTERS: Emitters = {("", "DepthToSpace"): emit, ("", "SpaceToDepth"): emit}
VERSIONS: Versions = {"DEPTH_TO_SPACE": (1, 1), "SPACE_TO_DEPTH": (1, 1)}
