"""x * HardSigmoid(x) with the standard slope becomes HardSwish."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export import graph as g


def rewrite(node: ir.Node) -> bool:
    """Match the multiplication."""
    if not g.is_op(node, "Mul"):
        return False
    for gate_index, source_index in ((0, 1), (1, 0)):
        source = g.operand(node, source_index)
        gate = g.operand(node, gate_index).producer()
        if (
            gate is not None
            and g.is_op(gate, "HardSigmoid")
            and gate.inputs[0] is source
            and math.isclose(gate.attributes.get_float("alpha", 0.2), 1 / 6, rel_tol=1e-6)
            and gate.attributes.get_float("beta", 0.5) == 0.5
        ):
            g.replace(node, g.insert(node, "HardSwish", [source], g.shape_of(node.outputs[0])))
            return True
    return False
