"""What the channel-permutation rules share: recognizing and describing permutations.

The canonical form of every fixed reordering of channels (a shuffle, a roll, any mix) is
``Gather(x, indices, axis=1)`` on an NCHW value. A permutation is data: ``out[i] = in[p[i]]``.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def of_gather(node: ir.Node | None) -> np.ndarray | None:
    """Return the channel permutation that a Gather performs, or None if it is not one."""
    if node is None or not g.is_op(node, "Gather"):
        return None
    indices = g.constant(node.inputs[1])
    source = g.operand(node, 0)
    rank = len(g.shape_of(source))
    if indices is None or indices.ndim != 1 or rank < 2:
        return None
    if node.attributes.get_int("axis", 0) % rank != 1:
        return None
    channels = g.shape_of(source)[1]
    permutation = np.where(indices < 0, indices + channels, indices)
    if not np.array_equal(np.sort(permutation), np.arange(channels)):
        return None
    return permutation.astype(np.int64)


def shuffle(channels: int, groups: int) -> np.ndarray:
    """Return ShuffleNet's permutation: view as (groups, channels/groups), transpose, flatten."""
    return np.arange(channels).reshape(groups, channels // groups).T.reshape(-1)


def shuffle_groups(permutation: np.ndarray) -> int | None:
    """Return the group count if ``permutation`` is a channel shuffle, else None."""
    channels = len(permutation)
    if channels < 2:
        return None
    stride = int(permutation[1])  # shuffle(C, groups)[1] is C / groups
    if stride < 2 or channels % stride:
        return None
    groups = channels // stride
    return groups if np.array_equal(permutation, shuffle(channels, groups)) else None


def roll(channels: int, groups: int) -> np.ndarray:
    """Return MicroNet's roll: view as (groups, channels/groups), roll both axes by one."""
    grid = np.arange(channels).reshape(groups, channels // groups)
    return np.roll(grid, (-1, -1), axis=(0, 1)).reshape(-1)


def roll_groups(permutation: np.ndarray) -> int | None:
    """Return the group count if ``permutation`` is a roll of both axes, else None."""
    channels = len(permutation)
    for groups in range(1, channels + 1):
        if channels % groups == 0 and np.array_equal(permutation, roll(channels, groups)):
            return groups
    return None
