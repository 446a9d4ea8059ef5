"""Stored integers that other operators chose or moved become float32 by arithmetic.

The rows of a table with a scale for each column, as dynamic quantization stores embeddings: no
integer kernel reads them, and the table stays as small as it is.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match a DequantizeLinear of what no QuantizeLinear stored, with constant scales."""
    if not g.is_op(node, "DequantizeLinear") or "block_size" in node.attributes:
        return False
    source, scales = g.operand(node, 0), g.constant(node.inputs[1])
    given = node.inputs[2] if len(node.inputs) > 2 else None
    zeros = np.array(0) if given is None else g.constant(given)
    producer = source.producer()
    if producer is None or g.is_op(producer, "QuantizeLinear") or scales is None or zeros is None:
        return False
    shape, graph = g.shape_of(source), g.graph_of(node)
    along = [1] * len(shape)
    if shape:
        along[node.attributes.get_int("axis", 1) % len(shape)] = -1
    value = g.insert(node, "Cast", [source], shape, {"to": int(ir.DataType.FLOAT)})
    value.type = ir.TensorType(ir.DataType.FLOAT)
    for op_type, numbers in (("Sub", zeros), ("Mul", scales)):
        spread = numbers.reshape(() if numbers.size == 1 else along).astype(np.float32)
        if op_type == "Mul" or spread.any():
            constant = g.add_constant(graph, f"{source.name}_{op_type.lower()}", spread)
            value = g.insert(node, op_type, [value, constant], shape)
    g.replace(node, value)
    return True
