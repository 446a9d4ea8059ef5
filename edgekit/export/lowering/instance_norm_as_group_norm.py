"""A normalization of groups of channels, written as one of instances between two reshapes, is one.

ONNX before opset 21 has it in no other way. The two reshapes split and join dimensions that do not
lie side by side in NHWC; the whole needs no transpose.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the Reshape back to (N, C, ...) of the norm of (N, groups, ...)."""
    norm = _producer(node, "Reshape", "InstanceNormalization")
    opening = None if norm is None else _producer(norm, "InstanceNormalization", "Reshape")
    if norm is None or opening is None:
        return False
    source = g.operand(opening, 0)
    shape, split = g.shape_of(source), g.shape_of(norm.outputs[0])
    factors = [g.constant(value) for value in norm.inputs[1:3]]
    if g.shape_of(node.outputs[0]) != shape or len(shape) < 3 or split[0] != shape[0]:
        return False
    if shape[1] % split[1] or any(factor is None for factor in factors):
        return False
    graph, each = g.graph_of(node), shape[1] // split[1]
    vectors = [
        g.add_constant(graph, f"{g.label(norm)}_{name}", np.repeat(np.asarray(factor), each))
        for name, factor in zip(("scale", "bias"), factors, strict=True)
    ]
    attributes: dict[str, g.AttributeValue] = {
        "num_groups": split[1],
        "epsilon": norm.attributes.get_float("epsilon", 1e-5),
    }
    g.replace(node, g.insert(node, "GroupNormalization", [source, *vectors], shape, attributes))
    return True


def _producer(node: ir.Node, operator: str, before: str) -> ir.Node | None:
    """Return the node before one, if both are what they should be and nothing else reads it."""
    if not g.is_op(node, operator):
        return None
    found = g.operand(node, 0).producer()
    alone = g.sole_consumer(g.operand(node, 0)) is node
    return found if found is not None and g.is_op(found, before) and alone else None
