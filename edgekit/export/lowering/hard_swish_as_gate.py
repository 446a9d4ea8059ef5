"""HardSwish becomes x * HardSigmoid(x): integer operators, where there is none for the whole."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match HardSwish; the gate is scaled, not the product, so that its range is known."""
    if not g.is_op(node, "HardSwish"):
        return False
    shape = g.shape_of(node.outputs[0])
    value = g.operand(node, 0)
    gate = g.insert(node, "HardSigmoid", [value], shape, {"alpha": 1 / 6, "beta": 0.5})
    g.replace(node, g.insert(node, "Mul", [value, gate], shape))
    return True
