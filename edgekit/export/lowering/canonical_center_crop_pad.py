"""A CenterCropPad to constant sizes: a Pad of what is too small, a Slice of what is too large."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the operator."""
    wanted = g.constant(node.inputs[1]) if g.is_op(node, "CenterCropPad") else None
    if wanted is None:
        return False
    build, value = Building(node), g.operand(node, 0)
    sizes = list(g.shape_of(value))
    axes = node.attributes.get_ints("axes", tuple(range(len(sizes))))
    target = list(sizes)
    for axis, size in zip(axes, wanted.reshape(-1), strict=True):
        target[axis % len(sizes)] = int(size)
    missing = np.maximum(np.array(target) - sizes, 0)
    if missing.any():
        amounts = np.concatenate([missing // 2, missing - missing // 2]).astype(np.int64)
        sizes = [int(size) for size in sizes + missing]
        value = build.apply("Pad", value, build.constant(amounts, "pads"), shape=sizes)
    for axis, size in enumerate(target):
        start = (sizes[axis] - size) // 2
        value = build.slice(value, axis, start, start + size)
    if value is node.inputs[0]:
        value = build.apply("Identity", value)
    g.replace(node, value)
    return True
