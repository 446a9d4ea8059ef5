"""A constant mask before a Softmax is added: XNNPACK has sums, and no choice between values.

So are causal masks written: what a row must not see becomes a number so low that nothing of it is
left. A sum with the lowest float32 leaves nothing either, whatever is below 1e31.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph.annotations import affine_of

_NOTHING = -1e9
"""Of an exponential of this, less than the smallest float32 is left beside any usual score."""
_LOWEST = float(np.finfo(np.float32).min)


def rewrite(node: ir.Node) -> bool:
    """Match a Where of a constant condition whose one side is constant, and low where it is taken.

    Every row keeps something that it sees.
    """
    if not g.is_op(node, "Where"):
        return False
    condition, result = g.constant(node.inputs[0]), node.outputs[0]
    axes = _softmax_axes(result)
    if condition is None or not axes or affine_of(result) is not None:
        return False  # what is stored as integers keeps its steps
    shape = g.shape_of(result)
    for hidden, constant, kept in ((condition, 1, 2), (~condition, 2, 1)):
        source, low = g.operand(node, kept), g.constant(node.inputs[constant])
        if low is None or low.dtype != np.float32 or g.constant(source) is not None:
            continue
        whole = np.broadcast_to(hidden, shape)
        taken = np.broadcast_to(low, shape)[whole]
        if g.shape_of(source) != shape or taken.max(initial=_LOWEST) > _NOTHING:
            continue
        if any(whole.all(axis=axis).any() for axis in axes):
            continue
        addend = np.where(hidden, np.float32(_LOWEST), np.float32(0))
        mask = g.add_constant(g.graph_of(node), f"{result.name}_mask", addend)
        g.replace(node, g.insert(node, "Add", [source, mask], shape))
        return True
    return False


def _softmax_axes(value: ir.Value) -> list[int]:
    """Return the axes of the Softmaxes that read a value; none if anything else does."""
    readers = [use.node for use in value.uses()]
    if value.is_graph_output() or not all(g.is_op(reader, "Softmax") for reader in readers):
        return []
    return [reader.attributes.get_int("axis", -1) for reader in readers]
