"""Softmax and its kin saw a matrix before opset 13: all axes from ``axis`` on are one."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.sources.onnx_file import edit


def convert(node: ir.Node) -> None:
    """Flatten, take the last axis, and give the shape back."""
    source, axis = node.inputs[0], node.attributes.get_int("axis", 1)
    rank = edit.rank(source)
    if axis == -1 or (rank is not None and axis % rank == rank - 1):
        edit.set_attribute(node, "axis", -1)
        return
    if axis < 0 and rank is not None:
        axis %= rank
    flat = edit.insert(node, "Flatten", [source], {"axis": axis})
    result = edit.insert(node, node.op_type, [flat], {"axis": -1})
    shape = edit.insert(node, "Shape", [source])
    edit.become(node, "Reshape", [result, shape])
