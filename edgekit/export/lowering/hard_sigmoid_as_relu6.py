"""HardSigmoid becomes relu6(6 a x + 6 b) / 6, three operators that the delegate knows.

The addition then folds into the bias of the layer before, and the activation fuses into it.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match HardSigmoid."""
    if not g.is_op(node, "HardSigmoid"):
        return False
    graph, shape = g.graph_of(node), g.shape_of(node.outputs[0])
    slope = 6 * node.attributes.get_float("alpha", 0.2)
    offset = 6 * node.attributes.get_float("beta", 0.5)
    value = g.operand(node, 0)
    if abs(slope - 1) > 1e-6:
        factor = g.add_scalar(graph, "hard_sigmoid_slope", slope)
        value = g.insert(node, "Mul", [value, factor], shape)
    shift = g.add_scalar(graph, "hard_sigmoid_offset", offset)
    value = g.insert(node, "Add", [value, shift], shape)
    low = g.add_scalar(graph, "relu6_low", 0)
    high = g.add_scalar(graph, "relu6_high", 6)
    value = g.insert(node, "Clip", [value, low, high], shape)
    sixth = g.add_scalar(graph, "sixth", 1 / 6)
    g.replace(node, g.insert(node, "Mul", [value, sixth], shape))
    return True
