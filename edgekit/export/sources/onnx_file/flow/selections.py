"""Selections that constants make, and types that other values have."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.sources.onnx_file import edit
from edgekit.export.sources.onnx_file.flow import bodies, known


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


def eye(node: ir.Node) -> bool:
    """Make an EyeLike of a known shape the constant that it is, in place."""
    sizes, source = known.sizes_of(node.inputs[0]), g.operand(node, 0)
    given = node.attributes.get("dtype")
    kind = source.dtype if given is None else ir.DataType(given.as_int())
    if sizes is None or kind is None:
        return False
    rows, columns = sizes
    matrix = np.eye(rows, columns, node.attributes.get_int("k", 0), dtype=kind.numpy())
    value = edit.literal(node, matrix)
    bodies.replace(node, [edit.insert(node, "Identity", [value])])
    return True


def cast_like(node: ir.Node) -> bool:
    """Make a CastLike, whose type another value has, a Cast to that type, in place."""
    kind = g.operand(node, 1).dtype
    if kind is None:
        return False
    edit.become(node, "Cast", [node.inputs[0]], {"to": int(kind)})
    return True


def dropped(node: ir.Node) -> bool:
    """Make what a Dropout says that it kept, which is all, the constant that it is, in place."""
    mask = node.outputs[1] if len(node.outputs) > 1 else None
    sizes = known.sizes_of(node.inputs[0])
    if mask is None or sizes is None or not (mask.uses() or mask.is_graph_output()):
        return False
    kept = edit.insert(node, "Identity", [edit.literal(node, np.ones(sizes, np.bool_))])
    name, kept.type, kept.shape = mask.name, mask.type, mask.shape
    mask.replace_all_uses_with(kept, replace_graph_outputs=True)
    mask.name, kept.name = f"{name}_before", name
    return True


def element(node: ir.Node) -> bool:
    """Make an OptionalGetElement of a tensor, or of an Optional that has one, that tensor."""
    source = _element_of(node.inputs[0])
    if source is None:
        return False
    bodies.replace(node, [edit.insert(node, "Identity", [source])])
    return True


def has_element(node: ir.Node) -> bool:
    """Make an OptionalHasElement the constant that it is, where that can be told."""
    source = node.inputs[0] if node.inputs else None
    if source is not None and _element_of(source) is None and not _is_empty(source):
        return False
    found = edit.literal(node, np.array(source is not None and not _is_empty(source)))
    bodies.replace(node, [edit.insert(node, "Identity", [found])])
    return True


def _element_of(value: ir.Value | None) -> ir.Value | None:
    """Return what an optional holds, or a tensor itself; None where it cannot be told."""
    producer = None if value is None else value.producer()
    if producer is not None and g.is_op(producer, "Optional"):
        return producer.inputs[0] if producer.inputs else None
    is_tensor = value is not None and isinstance(value.type, ir.TensorType)
    return value if is_tensor else None


def _is_empty(value: ir.Value) -> bool:
    producer = value.producer()
    return producer is not None and g.is_op(producer, "Optional") and not any(producer.inputs)
