"""Division by a constant becomes multiplication by its reciprocal.

Cheaper on every processor, and int8 runtimes have the one and lack the other. The reciprocal is
rounded once, in float32. A single number stays divided: that costs nothing, and what it then
scales, and rounds to integers, may hang on its last digit.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the Div of several floats by constants of ordinary size."""
    if not g.is_op(node, "Div") or math.prod(g.shape_of(node.outputs[0])) == 1:
        return False
    divisor = g.constant(node.inputs[1])
    if divisor is None or divisor.dtype != np.float32:
        return False
    with np.errstate(divide="ignore", over="ignore"):
        factor = (1.0 / divisor.astype(np.float64)).astype(np.float32)
    tiny = np.finfo(np.float32).tiny
    if not np.isfinite(factor).all() or (np.abs(factor) < tiny).any():
        return False
    name = f"{g.operand(node, 1).name}_reciprocal"
    inputs = [g.operand(node, 0), g.add_constant(g.graph_of(node), name, factor)]
    g.replace(node, g.insert(node, "Mul", inputs, g.shape_of(node.outputs[0])))
    return True
