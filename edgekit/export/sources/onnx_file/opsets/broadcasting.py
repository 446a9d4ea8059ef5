"""Before opset 7 broadcasting was asked for, and could start at an axis."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.opsets.base import UnconvertibleError


def align(node: ir.Node) -> None:
    """Give the second operand its place by sizes of one behind it."""
    axis = node.attributes.pop("axis", None)
    broadcast = node.attributes.pop("broadcast", None)
    if broadcast is None or not broadcast.as_int() or axis is None:
        return  # from the last axis on, as it is always done now
    left, right = (edit.rank(value) for value in node.inputs)
    if left is None or right is None:
        raise UnconvertibleError("it broadcasts at an axis, and its inputs' ranks are not known")
    behind = left - right - axis.as_int() % left
    if behind > 0:
        _stretch(node, 1, behind)


def gemm(node: ir.Node) -> None:
    """Gemm always broadcasts its third input now."""
    node.attributes.pop("broadcast", None)


def slopes(node: ir.Node) -> None:
    """PRelu takes one slope a channel, which is the second axis."""
    left, right = (edit.rank(value) for value in node.inputs)
    array = edit.constant(node.inputs[1])
    if array is not None and array.size == 1:
        return
    if left is None or right is None:
        raise UnconvertibleError("its inputs' ranks are not known")
    if right == 1 and left > 2:
        _stretch(node, 1, left - 2)


def _stretch(node: ir.Node, index: int, count: int) -> None:
    """Add axes of size one behind the last of an input."""
    value = node.inputs[index]
    array = edit.constant(value)
    if array is not None:
        stretched = edit.literal(node, array.reshape(*array.shape, *(1,) * count))
    else:
        shape = edit.integers(node, [0] * (edit.rank(value) or 0) + [1] * count)
        stretched = edit.insert(node, "Reshape", [value, shape])
    node.replace_input_with(index, stretched)
