"""Activations: fused into the operator before, or an operator of their own."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir
from ai_edge_litert import schema_py_generated as schema

from edgekit.export.graph import nodes as g
from edgekit.export.graph.activations import activation_of, clip_bounds
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse

_PLAIN = {
    "Relu": ("RELU", None),
    "HardSwish": ("HARD_SWISH", "HardSwishOptions"),
    "Sigmoid": ("LOGISTIC", None),
    "Sqrt": ("SQRT", None),
    "Tanh": ("TANH", None),
}


def fused(node: ir.Node) -> int:
    """Return the schema number of the activation that ``fuse_activation`` noted on ``node``."""
    return int(getattr(schema.ActivationFunctionType, node.meta.get("activation", "NONE")))


def emit(writer: Writer, node: ir.Node) -> None:
    """Emit an activation, or a root, that has no parameters."""
    code, options = _PLAIN[node.op_type]
    writer.emit(code, [writer.operand(node, 0)], [writer.output(node.outputs[0])], options)


def emit_clip(writer: Writer, node: ir.Node) -> None:
    """Emit a named activation where the bounds have one, else MAXIMUM and MINIMUM."""
    source = writer.operand(node, 0)
    named = activation_of(node)
    if named is not None:
        writer.emit(named, [source], [writer.output(node.outputs[0])])
        return
    low, high = clip_bounds(node)
    if math.isnan(low) or math.isnan(high):
        raise refuse(node, "the bounds must be constant", "dynamic-clip")
    bounds = [
        (code, options, bound)
        for code, options, bound in (
            ("MAXIMUM", "MaximumMinimumOptions", low),
            ("MINIMUM", "MaximumMinimumOptions", high),
        )
        if math.isfinite(bound)
    ]
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


def emit_leaky_relu(writer: Writer, node: ir.Node) -> None:
    """Emit LEAKY_RELU."""
    values = {"alpha": node.attributes.get_float("alpha", 0.01)}
    tensors = [writer.operand(node, 0)], [writer.output(node.outputs[0])]
    writer.emit("LEAKY_RELU", *tensors, "LeakyReluOptions", values)


def emit_softmax(writer: Writer, node: ir.Node) -> None:
    """Emit SOFTMAX, which runs over the last stored dimension."""
    tensors = [writer.operand(node, 0)], [writer.output(node.outputs[0])]
    writer.emit("SOFTMAX", *tensors, "SoftmaxOptions", {"beta": 1.0})


EMITTERS: Emitters = {
    ("", "Clip"): emit_clip,
    ("", "HardSwish"): emit,
    ("", "LeakyRelu"): emit_leaky_relu,
    ("", "Relu"): emit,
    ("", "Sigmoid"): emit,
    ("", "Softmax"): emit_softmax,
    ("", "Sqrt"): emit,
    ("", "Tanh"): emit,
}
VERSIONS: Versions = {
    "LEAKY_RELU": (1, 2),
    "LOGISTIC": (2, 3),
    "RELU": (2, 3),
    "RELU6": (2, 3),
    "SOFTMAX": (2, 3),
    "TANH": (2, 3),
}
