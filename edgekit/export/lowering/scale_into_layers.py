"""Multiplying by a positive scalar moves into the weights of the layers that read the product.

Integers gain most: the multiplication was a whole operator, and its rounding is saved.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering import permutation_into_conv as neighbours
from edgekit.export.lowering.merge_scales import scaled

_HOMOGENEOUS = (
    "AveragePool", "Flatten", "Gather", "GlobalAveragePool", "Identity", "LeakyRelu", "MaxPool",
    "ReduceMean", "Relu", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
)  # fmt: skip
"""Operators for which f(c x) = c f(x), if c is positive."""


def rewrite(node: ir.Node) -> bool:
    """Match the multiplication; every path from it must end in a layer."""
    found = scaled(node)
    if found is None or not found[1] > 0:
        return False
    source, factor = found
    layers: list[ir.Node] = []
    if not _collect(node.outputs[0], layers):
        return False
    for layer in layers:
        weight = g.constant(layer.inputs[1])
        if weight is None:
            raise ValueError("a collected layer has constant weights")
        neighbours.set_constant(layer, 1, np.asarray(weight * np.float32(factor), weight.dtype))
    g.replace(node, source)
    return True


def _collect(value: ir.Value, layers: list[ir.Node]) -> bool:
    """Gather the layers at the ends of all paths from ``value``; False if a path has none.

    A layer is there once for each path: behind a square twice, which has the factor twice.
    """
    if value.is_graph_output():
        return False
    for use in value.uses():
        reader = use.node
        if g.is_op(reader, "Conv", "Gemm", "MatMul"):
            if use.idx != 0 or g.constant(reader.inputs[1]) is None:
                return False
            layers.append(reader)
        elif g.is_op(reader, *_HOMOGENEOUS) or _is_product(reader):
            if not all(_collect(output, layers) for output in reader.outputs):
                return False
        else:
            return False
    return True


def _is_product(node: ir.Node) -> bool:
    return g.is_op(node, "Mul") and all(g.constant(value) is None for value in node.inputs)
