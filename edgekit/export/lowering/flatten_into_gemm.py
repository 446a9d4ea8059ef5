"""A Gemm that reads a flattened map takes the map's stored order into its weights.

Flattening means NCHW order. TFLite stores NHWC, and instead of transposing the map at each run,
the columns of the weights are transposed once.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_ELEMENTWISE = ("Relu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "LeakyRelu")


def rewrite(node: ir.Node) -> bool:
    """Match the Reshape, (N, C, H, W) to (N, C * H * W), of a map with several places."""
    if not g.is_op(node, "Reshape"):
        return False
    source = g.operand(node, 0)
    shape, flat = g.shape_of(source), g.shape_of(node.outputs[0])
    if len(shape) != 4 or flat != (shape[0], int(np.prod(shape[1:]))):
        return False
    reader = g.sole_consumer(node.outputs[0])
    while reader is not None and g.is_op(reader, *_ELEMENTWISE):
        reader = g.sole_consumer(reader.outputs[0])
    if reader is None or not g.is_op(reader, "Gemm", "MatMul"):
        return False
    weight = g.constant(reader.inputs[1])
    if weight is None or weight.ndim != 2:
        return False
    inputs_last = reader.attributes.get_int("transB", 0) == 1
    stored = _channels_last(weight if inputs_last else weight.T, shape[1:])
    name = f"{g.operand(reader, 1).name}_nhwc"
    graph = g.graph_of(node)
    permuted = g.add_constant(graph, name, stored if inputs_last else stored.T)
    reader.replace_input_with(1, permuted)
    g.replace(node, g.insert(node, "StoredReshape", [source], flat, domain="edgekit"))
    return True


def _channels_last(rows: np.ndarray, chw: tuple[int, ...]) -> np.ndarray:
    """Reorder the last axis from (C, H, W) to (H, W, C)."""
    split = rows.reshape(len(rows), *chw)
    return np.ascontiguousarray(split.transpose(0, 2, 3, 1)).reshape(rows.shape)
