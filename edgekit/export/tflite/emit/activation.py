"""Activations: fused into the operator before, or an operator of their own."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.graph import nodes as g
from edgekit.export.graph.activations import activation_of, clip_bounds
from edgekit.export.tflite.emit.steps import Steps
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer

_PLAIN = {
    "Relu": ("RELU", None),
    "HardSwish": ("HARD_SWISH", "HardSwishOptions"),
    "Sigmoid": ("LOGISTIC", None),
    "Tanh": ("TANH", None),
}


def fused(node: ir.Node) -> int:
    """Return the schema number of the activation that ``fuse_activation`` noted on ``node``."""
    return int(getattr(schema.ActivationFunctionType, node.meta.get("activation", "NONE")))


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit an activation that has no parameters; Relu of plain integers is MAXIMUM."""
    code, options = _PLAIN[node.op_type]
    if code == "RELU" and node.outputs[0].dtype != ir.DataType.FLOAT:
        steps = Steps(writer, node)
        steps.finish(steps.apply("MAXIMUM", steps.operand(0), 0.0))
        return
    writer.emit(code, [writer.operand(node, 0)], [writer.output(node.outputs[0])], options)


def emit_clip(writer: Writer, node: ir.Node) -> None:
    """Emit a named activation where the bounds have one, else MAXIMUM and MINIMUM."""
    is_float = node.outputs[0].dtype == ir.DataType.FLOAT
    named = activation_of(node) if is_float else None
    if named is not None:
        source = writer.operand(node, 0)
        writer.emit(named, [source], [writer.output(node.outputs[0])])
        return
    low, high = clip_bounds(node)
    if not is_float or math.isnan(low) or math.isnan(high) or not g.shape_of(node.outputs[0]):
        _emit_computed_clip(writer, node)
        return
    source = writer.operand(node, 0)
    bounds = [
        (code, options, bound)
        for code, options, bound in (
            ("MAXIMUM", "MaximumMinimumOptions", low),
            ("MINIMUM", "MaximumMinimumOptions", high),
        )
        if math.isfinite(bound)
    ]
    if not bounds:
        _emit_computed_clip(writer, node)
    shape = writer.program.tensors[source].shape
    for index, (code, options, bound) in enumerate(bounds):
        is_last = index == len(bounds) - 1
        target = (
            writer.output(node.outputs[0])
            if is_last
            else writer.temporary(f"{g.label(node)}_low", shape, source)
        )
        limit = writer.constant(f"{g.label(node)}_bound", np.array([bound], dtype=np.float32))
        writer.emit(code, [source, limit], [target], options)
        source = target


def _emit_computed_clip(writer: Writer, node: ir.Node) -> None:
    steps = Steps(writer, node)
    value = steps.operand(0)
    for code, index in (("MAXIMUM", 1), ("MINIMUM", 2)):
        if steps.has(index):
            value = steps.apply(code, value, steps.operand(index))
    steps.finish(value)


def emit_leaky_relu(writer: Writer, node: ir.Node) -> None:
    """Emit LEAKY_RELU."""
    values = {"alpha": node.attributes.get_float("alpha", 0.01)}
    tensors = [writer.operand(node, 0)], [writer.output(node.outputs[0])]
    writer.emit("LEAKY_RELU", *tensors, "LeakyReluOptions", values)


EMITTERS: Emitters = {
    ("", "Clip"): emit_clip,
    ("", "HardSwish"): emit,
    ("", "LeakyRelu"): emit_leaky_relu,
    ("", "Relu"): emit,
    ("", "Sigmoid"): emit,
    ("", "Tanh"): emit,
}
VERSIONS: Versions = {
    "LEAKY_RELU": (1, 2),
    "LOGISTIC": (2, 3),
    "RELU": (2, 3),
    "RELU6": (2, 3),
    "TANH": (2, 3),
}
