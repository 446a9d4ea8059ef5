"""Changes of encoding: QUANTIZE and DEQUANTIZE, between values and at the borders."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import Quantization
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit QUANTIZE; what the new encoding cannot hold saturates."""
    tensors = [writer.operand(node, 0)], [writer.output(node.outputs[0])]
    writer.emit("QUANTIZE", *tensors, "QuantizeOptions")


def emit_take(writer: Writer, node: ir.Node) -> None:
    """Take an input that holds integers: unsigned ones through QUANTIZE, signed ones as they are.

    Where nothing computes on integers, DEQUANTIZE.
    """
    number, result = writer.tensor(node.inputs[0]), node.outputs[0]
    writer.program.say_quantization(number, _quantization(node))
    if not writer.integer:
        writer.emit("DEQUANTIZE", [number], [writer.output(result)], "DequantizeOptions")
    elif writer.program.tensors[number].dtype.kind == "i":
        writer.alias(result, number)
    else:
        writer.emit("QUANTIZE", [number], [writer.output(result)], "QuantizeOptions")


def emit_give(writer: Writer, node: ir.Node) -> None:
    """Give an output as integers through QUANTIZE."""
    target = writer.output(node.outputs[0])
    writer.program.say_quantization(target, _quantization(node))
    writer.emit("QUANTIZE", [writer.operand(node, 0)], [target], "QuantizeOptions")


def _quantization(node: ir.Node) -> Quantization:
    """Return the encoding that the inputs of a node say, of the type that the outside has."""
    scale, zero = (g.constant(each) for each in (*node.inputs[1:3], *[None] * 2)[:2])
    if scale is None:
        raise ValueError(f"{g.label(node)!r} has no constant scale")
    offset = 0 if zero is None else int(np.asarray(zero).reshape(()))
    return Quantization((float(scale.reshape(())),), offset)


EMITTERS: Emitters = {
    ("edgekit", "Give"): emit_give,
    ("edgekit", "Requantize"): emit,
    ("edgekit", "Take"): emit_take,
}
VERSIONS: Versions = {"DEQUANTIZE": (2, 3)}
