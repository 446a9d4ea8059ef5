"""Heads of an attention: values of four dimensions, (batch, heads, length, size).

Sizes are taken from the values themselves by Shape, which is constant once sizes are fixed.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.foreign.base import UnknownFormError

LENGTH, SIZE = 2, 3
FIRST = (0, 2, 1, 3)


def count(node: ir.Node, name: str) -> int:
    """Return the attribute that says how many heads there are.

    Raises:
        UnknownFormError: it is not there, or no number of heads.
    """
    found = node.attributes.get_int(name, 0)
    if found < 1:
        raise UnknownFormError("it does not say how many heads there are")
    return found


def split(node: ir.Node, value: ir.Value | None, count: int) -> ir.Value:
    """Return (batch, length, count * size) as (batch, count, length, size)."""
    apart = edit.insert(node, "Reshape", [value, edit.integers(node, [0, 0, count, -1])])
    return edit.insert(node, "Transpose", [apart], {"perm": FIRST})


def behind(node: ir.Node, old: ir.Value | None, new: ir.Value) -> ir.Value:
    """Put keys or values behind those of before."""
    return new if old is None else edit.insert(node, "Concat", [old, new], {"axis": LENGTH})


def regrouped(node: ir.Node, heads: ir.Value, count: int) -> ir.Value:
    """Return (batch, heads, rows, size) as ``count`` heads, of as many rows as that leaves."""
    parts = [
        size(node, heads, 0),
        edit.integers(node, [count]),
        edit.integers(node, [-1]),
        size(node, heads, SIZE),
    ]
    return edit.insert(node, "Reshape", [heads, edit.insert(node, "Concat", parts, {"axis": 0})])


def length(node: ir.Node, heads: ir.Value) -> ir.Value:
    """Return how many rows each head has: (1,)."""
    return size(node, heads, LENGTH)


def size(node: ir.Node, value: ir.Value, axis: int) -> ir.Value:
    """Return the size of one axis: (1,)."""
    return edit.insert(node, "Shape", [value], {"start": axis, "end": axis + 1})


def number(node: ir.Node, value: int) -> ir.Value:
    """Return an int64 without dimensions."""
    return edit.literal(node, np.array(value, np.int64))
