"""ReverseSequence: each sequence of a batch turned round, up to its own length."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import orders
from edgekit.export.tflite.emit import types
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit REVERSE_SEQUENCE."""
    steps, order = Steps(writer, node), writer.order(node.outputs[0])
    source = steps.operand(0)
    if steps.kind(source) not in types.TAKEN["EQUAL"] - {"bool"}:
        raise refuse(node, f"{steps.kind(source)} operands are not supported", "dtype")
    get = node.attributes
    values = {
        "batchDim": orders.axis(get.get_int("batch_axis", 1), order),
        "seqDim": orders.axis(get.get_int("time_axis", 0), order),
    }
    inputs = [source, writer.tensor(node.inputs[1])]
    target = writer.output(node.outputs[0])
    writer.emit("REVERSE_SEQUENCE", inputs, [target], "ReverseSequenceOptions", values)


EMITTERS: Emitters = {("", "ReverseSequence"): emit}
VERSIONS: Versions = {}
