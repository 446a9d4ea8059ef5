"""Reshapes and transposes that together only reorder channels become one channel Gather."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the last step of such a chain on an NCHW value."""
    if not g.is_op(node, "Reshape", "Transpose"):
        return False
    shape = g.shape_of(node.outputs[0])
    if len(shape) != 4:
        return False
    chain: list[ir.Node] = []
    step: ir.Node | None = node
    while step is not None and g.is_op(step, "Reshape", "Transpose"):
        chain.insert(0, step)
        source = g.operand(step, 0)
        if g.shape_of(source) == shape and any(s.op_type == "Transpose" for s in chain):
            permutation = _channel_permutation(chain, shape)
            if permutation is not None:
                indices = g.add_constant(g.graph_of(node), "channel_permutation", permutation)
                g.replace(node, g.insert(node, "Gather", [source, indices], shape, {"axis": 1}))
                return True
        step = source.producer()
    return False


def _channel_permutation(chain: list[ir.Node], shape: tuple[int, ...]) -> np.ndarray | None:
    """Run the chain on element numbers; None unless it moves whole channels only."""
    positions = np.arange(np.prod(shape)).reshape(shape)
    moved = positions
    for step in chain:
        if step.op_type == "Transpose":
            moved = moved.transpose(step.attributes.get_ints("perm"))
        moved = moved.reshape(g.shape_of(step.outputs[0]))
    permutation = moved[0, :, 0, 0] // (shape[2] * shape[3])
    if (permutation >= shape[1]).any():
        return None  # it takes from another element of the batch
    return permutation if np.array_equal(moved, positions[:, permutation]) else None
