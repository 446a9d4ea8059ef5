"""A Pad before a pool names its axes where ONNX Runtime would do it harm.

ONNX Runtime 1.31 takes a Pad with zero into the pool that reads it. In a MaxPool the border is
minus infinity: other numbers. A window smaller than its border it then refuses. It passes over a
Pad that has the operand `axes`.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of
from edgekit.export.graph.value_ranges import is_non_negative


def rewrite(node: ir.Node) -> bool:
    """Match a Pad with a constant, before a maximum or a window that its border would exceed."""
    if not g.is_op(node, "Pad") or len(node.inputs) > 3:
        return False
    if node.attributes.get_string("mode", "constant") != "constant":
        return False
    if affine_of(node.outputs[0]) is not None:
        return False  # the pair that rounds it stands between
    amounts = g.constant(node.inputs[1])
    if not any(_is_harmed(reader, node, amounts) for reader, _ in node.outputs[0].uses()):
        return False
    source = g.operand(node, 0)
    axes = np.arange(len(g.shape_of(source)), dtype=np.int64)
    named = g.add_constant(g.graph_of(node), "pad_axes", axes)
    filling = node.inputs[2] if len(node.inputs) > 2 else None
    inputs = [source, node.inputs[1], filling, named]
    g.replace(node, g.insert(node, "Pad", inputs, g.shape_of(node.outputs[0])))
    return True


def _is_harmed(pool: ir.Node, pad: ir.Node, amounts: np.ndarray | None) -> bool:
    if not g.is_op(pool, "MaxPool", "AveragePool") or amounts is None:
        return False
    if pool.op_type == "MaxPool" and not is_non_negative(g.operand(pad, 0)):
        return True
    kernel = pool.attributes.get_ints("kernel_shape", ())
    own = pool.attributes.get_ints("pads", (0,) * 2 * len(kernel))
    border = amounts.reshape(2, -1)[:, 2:].reshape(-1) + np.array(own)
    return bool((border >= np.array([*kernel, *kernel])).any())
