"""x * HardSigmoid(x) with the standard slope, and x * relu6(x + 3) / 6, become HardSwish."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering.canonical_hard_sigmoid import shifted_relu6_of, sixth_of


def rewrite(node: ir.Node) -> bool:
    """Match the last step, the product with the gate or with 1/6."""
    source = _gated(node)
    if source is None:
        return False
    g.replace(node, g.insert(node, "HardSwish", [source], g.shape_of(node.outputs[0])))
    return True


def _gated(node: ir.Node) -> ir.Value | None:
    whole = sixth_of(node)
    product = whole.producer() if whole is not None else node
    if product is None or not g.is_op(product, "Mul"):
        return None
    for gate_index, source_index in ((0, 1), (1, 0)):
        source, gate = g.operand(product, source_index), g.operand(product, gate_index)
        found = shifted_relu6_of(gate) if whole is not None else _hard_sigmoid_of(gate)
        if found is source:
            return source
    return None


def _hard_sigmoid_of(value: ir.Value) -> ir.Value | None:
    node = value.producer()
    if (
        node is not None
        and g.is_op(node, "HardSigmoid")
        and math.isclose(node.attributes.get_float("alpha", 0.2), 1 / 6, rel_tol=1e-6)
        and node.attributes.get_float("beta", 0.5) == 0.5
    ):
        return g.operand(node, 0)
    return None
