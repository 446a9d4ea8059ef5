"""The factors of a Gemm go into its constants, and its left operand is turned beforehand.

A bias that is the same for every row has one number for each column.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a Gemm of constant weights, and of a constant bias where that has a factor."""
    if not g.is_op(node, "Gemm"):
        return False
    get = node.attributes
    alpha, beta = get.get_float("alpha", 1.0), get.get_float("beta", 1.0)
    weight = g.constant(node.inputs[1])
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    offset = g.constant(bias)
    if weight is None or (bias is not None and offset is None and beta != 1.0):
        return False
    shape = g.shape_of(node.outputs[0])
    is_vector = offset is None or offset.shape == shape[1:] or offset.shape[:-1] not in ((), (1,))
    if alpha == beta == 1.0 and not get.get_int("transA", 0) and is_vector:
        return False
    source = g.operand(node, 0)
    if get.get_int("transA", 0):
        turned = g.shape_of(source)[::-1]
        source = g.insert(node, "Transpose", [source], turned, {"perm": (1, 0)})
    inputs = [source, _scaled(node, 1, weight, alpha)]
    if bias is not None:
        inputs.append(bias if offset is None else _scaled(node, 2, offset, beta))
        array = g.constant(inputs[-1])
        if array is not None and not is_vector:
            vector = np.ascontiguousarray(np.broadcast_to(array.reshape(-1), shape[1:]))
            inputs[-1] = g.add_constant(g.graph_of(node), f"{bias.name}_vector", vector)
    attributes = {"transB": get.get_int("transB", 0)}
    g.replace(node, g.insert(node, "Gemm", inputs, shape, attributes))
    return True


def _scaled(node: ir.Node, index: int, array: np.ndarray, factor: float) -> ir.Value:
    value = g.operand(node, index)
    if factor == 1.0:
        return value
    scaled = (array.astype(np.float64) * factor).astype(array.dtype)
    return g.add_constant(g.graph_of(node), f"{value.name}_scaled", scaled)
