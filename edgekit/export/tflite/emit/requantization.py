"""A change of encoding: QUANTIZE from integers to integers."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit QUANTIZE; what the new encoding cannot hold saturates."""
    tensors = [writer.operand(node, 0)], [writer.output(node.outputs[0])]
    writer.emit("QUANTIZE", *tensors, "QuantizeOptions")


EMITTERS: Emitters = {
    ("edgekit", "Requantize"): emit,
}
VERSIONS: Versions = {"DEQUANTIZE": (2, 3)}
