"""Gemm and MatMul with constant weights: FULLY_CONNECTED."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import orders
from edgekit.export.tflite.emit import activation, weights
from edgekit.export.tflite.emit.table import Emitters
from edgekit.export.tflite.program import OptionValue
from edgekit.export.tflite.versions import Versions
from edgekit.export.tflite.writer import Writer, refuse


def emit(writer: Writer, node: ir.Node) -> None:
    """Weights become (out, in); a missing bias is zero."""
    weight = g.constant(node.inputs[1])
    if weight is None or weight.ndim != 2 or len(g.shape_of(g.operand(node, 0))) != 2:
        raise refuse(node, "only (N, K) times constant (K, M) is supported", "unsupported-matmul")
    attributes = node.attributes
    if attributes.get_int("transA", 0) or attributes.get_float("alpha", 1.0) != 1.0:
        raise refuse(node, "transA and alpha are not supported", "unsupported-matmul")
    if not attributes.get_int("transB", 0):
        weight = weight.T
    bias = np.zeros(weight.shape[0], dtype=np.float32)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        given = g.constant(node.inputs[2])
        if given is None or attributes.get_float("beta", 1.0) != 1.0:
            raise refuse(node, "the bias must be constant, with beta 1", "unsupported-matmul")
        if given.ndim > 1 and given.shape[0] != 1:
            raise refuse(node, "a bias that differs by row is not supported", "unsupported-matmul")
        bias = np.broadcast_to(given.reshape(-1), bias.shape)
    values: dict[str, OptionValue] = {"fusedActivationFunction": activation.fused(node)}
    if weights.is_dynamic(node):
        values["asymmetricQuantizeInputs"] = True
    writer.emit(
        "FULLY_CONNECTED",
        [
            writer.tensor(node.inputs[0], orders.natural(2)),
            weights.add_weight(writer, node, weight, 0),
            weights.add_bias(writer, node, bias),
        ],
        [writer.output(node.outputs[0])],
        "FullyConnectedOptions",
        values,
    )


EMITTERS: Emitters = {
    ("", "Gemm"): emit,
}
VERSIONS: Versions = {"FULLY_CONNECTED": (4, 1)}
