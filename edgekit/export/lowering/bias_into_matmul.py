"""Adding a constant to a product with constant weights becomes the product's third operand.

ONNX's MatMul has none; TFLite's FULLY_CONNECTED has, for values of any rank.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the addition of one number for each of the last dimension, or of one for all."""
    if not g.is_op(node, "Add"):
        return False
    for source, addend in (node.inputs, node.inputs[::-1]):
        array = g.constant(addend)
        product = None if source is None else source.producer()
        if source is None or array is None or product is None or not _is_layer(product):
            continue
        shape = g.shape_of(source)
        is_vector = array.ndim > 0 and array.shape[-1] == array.size == shape[-1]
        if not is_vector and array.size != 1:
            continue
        if g.sole_consumer(source) is not node or g.shape_of(node.outputs[0]) != shape:
            continue
        vector = np.broadcast_to(array.reshape(-1), (shape[-1],)).astype(np.float32)
        bias = g.add_constant(g.graph_of(node), f"{g.label(product)}_bias", vector)
        g.replace(node, g.insert(node, "MatMul", [*product.inputs, bias], shape))
        return True
    return False


def _is_layer(node: ir.Node) -> bool:
    """Tell whether this is a product with a constant matrix, and without a bias yet."""
    if not g.is_op(node, "MatMul") or len(node.inputs) > 2:
        return False
    weight = g.constant(node.inputs[1])
    return weight is not None and weight.ndim == 2 and len(g.shape_of(node.outputs[0])) > 1
