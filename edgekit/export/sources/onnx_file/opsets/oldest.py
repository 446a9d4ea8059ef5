"""The oldest opset that says what a node of a newer one says.

Most versions of an operator only let in further number types; files that need none of that are
understood by older runtimes too.
"""

from __future__ import annotations

from functools import cache

import onnx
import onnx_ir as ir

_CHANGED_MEANING = {("GroupNormalization", 21), ("GridSample", 20), ("DFT", 20)}
"""Versions that mean something else though their attributes and inputs are called the same."""

_NEW_WORDS = {
    ("Pad", 19): ("mode", ("wrap",)),
    ("Resize", 19): ("coordinate_transformation_mode", ("half_pixel_symmetric",)),
}
"""Versions that give an attribute a further value."""


def needed_by(node: ir.Node, opset: int, floor: int) -> int:
    """Return the oldest opset from ``floor`` on in which ``node``, of ``opset``, means the same."""
    while opset > floor:
        since = _schema(node.op_type, opset).since_version
        if since <= floor:
            return floor
        if not _says_nothing_new(node, since):
            return since
        opset = since - 1
    return floor


def _says_nothing_new(node: ir.Node, since: int) -> bool:
    """Tell whether the version before ``since`` takes this node as it stands."""
    if (node.op_type, since) in _CHANGED_MEANING:
        return False
    try:
        before = _schema(node.op_type, since - 1)
    except onnx.defs.SchemaError:
        return False
    if before.deprecated or len(node.inputs) > before.max_input or not _takes(before, node):
        return False
    name, words = _NEW_WORDS.get((node.op_type, since), ("", ()))
    if name in node.attributes and node.attributes.get_string(name) in words:
        return False
    after = _schema(node.op_type, since)
    for key in node.attributes:
        if key not in before.attributes and not _is_default(node.attributes[key], after):
            return False
    return all(
        key in node.attributes or _default(before, key) == _default(after, key)
        for key in before.attributes
    )


def _takes(schema: onnx.defs.OpSchema, node: ir.Node) -> bool:
    """Tell whether a version takes the number types of the operands, as far as they are known."""
    formal = schema.inputs
    return all(
        value is None
        or value.dtype is None
        or f"tensor({value.dtype.name.lower()})" in formal[min(index, len(formal) - 1)].types
        for index, value in enumerate(node.inputs)
    )


def forget_defaults(node: ir.Node, opset: int) -> None:
    """Drop attributes that ``opset`` does not know; they say what it does anyway."""
    known = _schema(node.op_type, opset).attributes
    for key in [key for key in node.attributes if key not in known]:
        del node.attributes[key]


def _is_default(attribute: ir.Attr, schema: onnx.defs.OpSchema) -> bool:
    default = _default(schema, attribute.name)
    return default is not None and ir.to_proto(attribute).SerializeToString() == default


def _default(schema: onnx.defs.OpSchema, name: str) -> bytes | None:
    if name not in schema.attributes:
        return None
    default = schema.attributes[name].default_value
    return bytes(default.SerializeToString()) if default.name else None


@cache
def _schema(operator: str, opset: int) -> onnx.defs.OpSchema:
    return onnx.defs.get_schema(operator, opset, "")
