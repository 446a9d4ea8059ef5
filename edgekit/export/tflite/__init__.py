"""The TFLite writer: a lowered graph in, the bytes of a .tflite file out."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.tflite import serialise
from edgekit.export.tflite.emit import EMITTERS
from edgekit.export.tflite.writer import Writer, refuse


def to_bytes(model: ir.Model, description: str) -> bytes:
    """Return the .tflite file of a graph that went through ``lowering.TFLITE``.

    Rank-4 inputs and outputs become NHWC; weights stay float32.

    Raises:
        UnsupportedOperatorError: for the first node without an emitter or with a form that
            its emitter cannot express exactly. Nothing is emitted in that case.
    """
    writer = Writer()
    for value in model.graph.inputs:
        writer.add_input(value)
    for node in model.graph:
        emitter = EMITTERS.get((node.domain, node.op_type))
        if emitter is None:
            raise refuse(node, f"operator {g.qualified(node)} is not supported")
        emitter(writer, node)
    for value in model.graph.outputs:
        writer.add_output(value)
    return serialise.to_bytes(writer.program, description)
