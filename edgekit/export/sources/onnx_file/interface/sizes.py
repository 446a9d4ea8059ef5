"""Static sizes for the inputs of a file, and none that it says about anything else."""

from __future__ import annotations

from collections.abc import Mapping

import onnx

from edgekit.export.sources.shapes import Shape

IR_VERSION = 10
"""Of what is read: before 4, constants had to be inputs as well; the newest no runtime loads."""


def fix(proto: onnx.ModelProto, inputs: Mapping[str, Shape]) -> None:
    """Write static input sizes, and drop what the file says about every other shape.

    Such notes may stem from another batch size or from another tool; they are inferred anew.
    """
    proto.ir_version = IR_VERSION
    constants = {tensor.name for tensor in proto.graph.initializer}
    kept = [value for value in proto.graph.input if value.name not in constants]
    del proto.graph.input[:]
    proto.graph.input.extend(kept)
    for value in proto.graph.input:
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        shape.SetInParent()  # a scalar has no sizes, and yet a shape
        for size in inputs[value.name]:
            shape.dim.add().dim_value = size
    forget_shapes(proto)


def forget_shapes(proto: onnx.ModelProto) -> None:
    """Drop what the model says about every shape but those of inputs and constants."""
    _forget(proto.graph)


def _forget(graph: onnx.GraphProto) -> None:
    del graph.value_info[:]
    inputs = {value.name for value in graph.input}
    for value in graph.output:
        if value.name not in inputs:
            value.type.tensor_type.ClearField("shape")
    for node in graph.node:
        for attribute in node.attribute:
            for body in (*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])):
                _forget(body)
