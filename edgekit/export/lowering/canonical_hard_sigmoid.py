"""relu6(x + 3) / 6, as code without the operator writes it, becomes HardSigmoid."""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.activations import clip_bounds


def rewrite(node: ir.Node) -> bool:
    """Match the last step, the product with 1/6."""
    whole = sixth_of(node)
    source = None if whole is None else shifted_relu6_of(whole)
    if source is None:
        return False
    attributes = {"alpha": 1 / 6, "beta": 0.5}
    g.replace(node, g.insert(node, "HardSigmoid", [source], g.shape_of(source), attributes))
    return True


def sixth_of(node: ir.Node) -> ir.Value | None:
    """Return what ``node`` multiplies by 1/6, else None; divisions are products by now."""
    if g.is_op(node, "Mul"):
        for source, factor in ((0, 1), (1, 0)):
            found, number = g.operand(node, source), g.scalar(node.inputs[factor])
            keeps = g.shape_of(found) == g.shape_of(node.outputs[0])
            if keeps and number is not None and math.isclose(number, 1 / 6, rel_tol=1e-6):
                return found
    return None


def shifted_relu6_of(value: ir.Value) -> ir.Value | None:
    """Return x if ``value`` is relu6(x + 3), else None."""
    clip = value.producer()
    if clip is None or not g.is_op(clip, "Clip") or clip_bounds(clip) != (0, 6):
        return None
    shift = g.operand(clip, 0).producer()
    if shift is None or not g.is_op(shift, "Add"):
        return None
    for source, offset in ((0, 1), (1, 0)):
        found = g.operand(shift, source)
        if g.scalar(shift.inputs[offset]) == 3 and g.shape_of(found) == g.shape_of(value):
            return found
    return None
