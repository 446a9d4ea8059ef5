"""Selections that constants make."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import known


def compress(node: ir.Node) -> bool:
    """Make a Compress with a constant condition a Gather, in place."""
    condition, source = known.value_of(node.inputs[1]), g.operand(node, 0)
    if condition is None:
        return False
    axis = node.attributes.get("axis")
    if axis is None:
        source = edit.insert(node, "Reshape", [source, edit.integers(node, [-1])])
    places = [int(place) for place in np.flatnonzero(condition)]
    number = 0 if axis is None else axis.as_int()
    edit.become(node, "Gather", [source, edit.integers(node, places)], {"axis": number})
    return True
