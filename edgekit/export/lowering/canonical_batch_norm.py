"""A batch norm of other things than maps goes into the matrix product before, or is arithmetic."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match BatchNormalization with constant statistics of a value that is not of rank 4."""
    if not g.is_op(node, "BatchNormalization") or node.attributes.get_int("training_mode", 0) != 0:
        return False
    source, shape = g.operand(node, 0), g.shape_of(node.outputs[0])
    gamma, beta, mean, variance = (g.constant(value) for value in node.inputs[1:5])
    if gamma is None or beta is None or mean is None or variance is None or len(shape) == 4:
        return False
    epsilon = node.attributes.get_float("epsilon", 1e-5)
    # float64 here: the folded scale is the only rounding.
    scale = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
    offset = beta - mean * scale
    layer = source.producer()
    if layer is not None and g.sole_consumer(source) is node and _fold(node, layer, scale, offset):
        return True
    if _fold_past_reshape(node, scale, offset):
        return True
    per_channel = (-1, *(1,) * (len(shape) - 2))
    graph, name = g.graph_of(node), g.label(node)
    factor = g.add_constant(graph, f"{name}_scale", _float32(scale.reshape(per_channel)))
    addend = g.add_constant(graph, f"{name}_bias", _float32(offset.reshape(per_channel)))
    scaled = g.insert(node, "Mul", [source, factor], shape)
    g.replace(node, g.insert(node, "Add", [scaled, addend], shape))
    return True


def _fold(node: ir.Node, layer: ir.Node, scale: np.ndarray, offset: np.ndarray) -> bool:
    """Put scale and offset into a Gemm, or into a MatMul of matrices, with constant weights.

    `canonical_gemm` has taken factors and a turned left operand out of such a Gemm.
    """
    if not g.is_op(layer, "Gemm", "MatMul"):
        return False
    weight = g.constant(layer.inputs[1])
    bias = layer.inputs[2] if len(layer.inputs) > 2 else None
    before = g.constant(bias)
    get = layer.attributes
    matrices = len(g.shape_of(g.operand(layer, 0))) == 2
    if weight is None or (bias is not None and before is None) or not matrices:
        return False
    if before is not None and before.ndim > 1 and before.shape[0] != 1:
        return False  # a bias for every row
    turned = bool(get.get_int("transB", 0))
    graph, name = g.graph_of(node), g.label(layer)
    scaled = weight.astype(np.float64) * (scale[:, None] if turned else scale)
    shifted = offset if before is None else before.reshape(-1) * scale + offset
    inputs = [
        g.operand(layer, 0),
        g.add_constant(graph, f"{name}_weight", _float32(scaled)),
        g.add_constant(graph, f"{name}_bias", _float32(np.broadcast_to(shifted, scale.shape))),
    ]
    attributes = {"transB": int(turned)}
    g.replace(node, g.insert(node, "Gemm", inputs, g.shape_of(node.outputs[0]), attributes))
    return True


def _fold_past_reshape(node: ir.Node, scale: np.ndarray, offset: np.ndarray) -> bool:
    """Put scale and offset behind a product of which all rows are put in one list: LeViT's layers.

    The rows' own dimension is the last, and stays so.
    """
    flat = g.operand(node, 0)
    reshape, shape = flat.producer(), g.shape_of(flat)
    if (
        reshape is None
        or not g.is_op(reshape, "Flatten", "Reshape")
        or g.sole_consumer(flat) is not node
    ):
        return False
    rows = g.operand(reshape, 0)
    layer, sizes = rows.producer(), g.shape_of(rows)
    if layer is None or not g.is_op(layer, "MatMul") or g.sole_consumer(rows) is not reshape:
        return False
    weight = g.constant(layer.inputs[1])
    if weight is None or weight.ndim != 2 or len(shape) != 2 or sizes[-1] != shape[-1]:
        return False
    graph, name = g.graph_of(node), g.label(layer)
    scaled = g.add_constant(graph, f"{name}_weight", _float32(weight.astype(np.float64) * scale))
    addend = g.add_constant(graph, f"{name}_bias", _float32(offset))
    product = g.insert(node, "MatMul", [g.operand(layer, 0), scaled], sizes)
    added = g.insert(node, "Add", [product, addend], sizes)
    target = g.add_constant(graph, f"{name}_rows", np.array(shape, dtype=np.int64))
    g.replace(node, g.insert(node, "Reshape", [added, target], shape))
    return True


def _float32(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)
