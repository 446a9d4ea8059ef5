"""An AffineGrid of constant size becomes the product of its matrices and the points of the map."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the operator; theta is (N, 2, 3) for maps, (N, 3, 4) for volumes."""
    if not g.is_op(node, "AffineGrid") or g.constant(node.inputs[1]) is None:
        return False
    build, theta, result = Building(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    batch, *space, dimensions = result
    at_corners = bool(node.attributes.get_int("align_corners", 0))
    lines = [_places(size, at_corners=at_corners) for size in space]
    points = np.stack(np.meshgrid(*lines, indexing="ij")[::-1])  # x first
    rows = np.concatenate([points, np.ones((1, *space))]).reshape(dimensions + 1, -1)
    shape = (batch, dimensions, rows.shape[1])
    moved = build.apply("MatMul", theta, build.constant(rows.astype(np.float32)), shape=shape)
    g.replace(node, build.reshape(build.transpose(moved, (0, 2, 1)), result))
    return True


def _places(size: int, *, at_corners: bool) -> np.ndarray:
    """Return where the points of an axis lie between -1 and 1: their corners, or their middles."""
    if at_corners:
        return np.linspace(-1, 1, size)
    return (2 * np.arange(size) + 1) / size - 1
