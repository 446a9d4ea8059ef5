"""Convolutions of the same value whose results are added become one, of the sum of their kernels.

So are networks trained (RepVGG, MobileOne, and whoever follows them) that should have been merged
before they were exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


@dataclass(frozen=True)
class _Branch:
    """One of the convolutions, with as many numbers in tuples as there are dimensions of space."""

    source: ir.Value
    kernel: np.ndarray  # float64, (outputs, inputs of a group, *space)
    bias: np.ndarray
    groups: int
    strides: tuple[int, ...]
    begins: tuple[int, ...]  # padding
    ends: tuple[int, ...]

    @property
    def channels(self) -> int:
        return int(self.kernel.shape[1]) * self.groups

    @property
    def is_depthwise(self) -> bool:
        return bool(self.kernel.shape[1] == 1 and self.groups == self.kernel.shape[0])


def rewrite(node: ir.Node) -> bool:
    """Match the addition."""
    if not g.is_op(node, "Add"):
        return False
    values = [g.operand(node, index) for index in (0, 1)]
    shape = g.shape_of(node.outputs[0])
    if any(g.sole_consumer(value) is not node or g.shape_of(value) != shape for value in values):
        return False
    one, other = (_branch(value.producer()) for value in values)
    if one is None or other is None or one.source is not other.source:
        return False
    if one.strides != other.strides:
        return False
    for wide, narrow in ((one, other), (other, one)):
        merged = _merged(wide, narrow)
        if merged is not None:
            g.replace(node, _insert(node, wide, merged, wide.bias + narrow.bias))
            return True
    return False


def _branch(node: ir.Node | None) -> _Branch | None:
    """Return what a node computes as a convolution; None if it is none of constants."""
    if node is None or not g.is_op(node, "Conv", "BatchNormalization"):
        return None
    arrays = [g.constant(value) for value in node.inputs[1:] if value is not None]
    if any(array is None for array in arrays):
        return None
    constants = [np.asarray(array, np.float64) for array in arrays]
    source, get = g.operand(node, 0), node.attributes
    space = len(g.shape_of(source)) - 2
    if g.is_op(node, "BatchNormalization"):
        if get.get_int("training_mode", 0):
            return None
        gamma, beta, mean, variance = constants
        scale = gamma / np.sqrt(variance + get.get_float("epsilon", 1e-5))
        kernel = scale.reshape(-1, *(1,) * (space + 1))
        none, ones = (0,) * space, (1,) * space
        return _Branch(source, kernel, beta - mean * scale, len(scale), ones, none, none)
    kernel = constants[0]
    dilated = any(
        rate != 1 and size != 1
        for rate, size in zip(
            get.get_ints("dilations", (1,) * space), kernel.shape[2:], strict=True
        )
    )
    if dilated:
        return None
    pads = tuple(get.get_ints("pads", (0,) * 2 * space))
    bias = constants[1] if len(constants) > 1 else np.zeros(len(kernel))
    strides = tuple(get.get_ints("strides", (1,) * space))
    return _Branch(
        source, kernel, bias, get.get_int("group", 1), strides, pads[:space], pads[space:]
    )


def _merged(wide: _Branch, narrow: _Branch) -> np.ndarray | None:
    """Return the sum of two kernels in the groups and window of the first; None if it is wider."""
    kernel = _in_groups(narrow, wide.groups)
    if kernel is None:
        return None
    margins = []
    sizes = zip(wide.kernel.shape[2:], kernel.shape[2:], strict=True)
    for (outer, inner), far, near in zip(sizes, wide.begins, narrow.begins, strict=True):
        before = far - near
        after = outer - inner - before
        if before < 0 or after < 0:
            return None
        margins.append((before, after))
    merged: np.ndarray = wide.kernel + np.pad(kernel, [(0, 0), (0, 0), *margins])
    return merged


def _in_groups(branch: _Branch, groups: int) -> np.ndarray | None:
    """Return a kernel in fewer groups, zeros between what were others."""
    if branch.groups == groups:
        return branch.kernel
    if not branch.is_depthwise:
        return None
    width = branch.channels // groups
    dense = np.zeros((branch.channels, width, *branch.kernel.shape[2:]))
    channels = np.arange(branch.channels)
    dense[channels, channels % width] = branch.kernel[:, 0]
    return dense


def _insert(node: ir.Node, like: _Branch, kernel: np.ndarray, bias: np.ndarray) -> ir.Value:
    graph, name = g.graph_of(node), g.label(node)
    constants = [
        g.add_constant(graph, f"{name}_{part}", array.astype(np.float32))
        for part, array in (("weight", kernel), ("bias", bias))
    ]
    attributes: dict[str, int | Sequence[int]] = {
        "group": like.groups,
        "kernel_shape": kernel.shape[2:],
        "strides": like.strides,
        "pads": (*like.begins, *like.ends),
    }
    shape = g.shape_of(node.outputs[0])
    return g.insert(node, "Conv", [like.source, *constants], shape, attributes)
