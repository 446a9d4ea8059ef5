"""Edits of graphs whose shapes are not known yet, in the body of a function or of a loop too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

CANONICAL_OPSET = 18
"""In whose forms the nodes are that are made here."""

Attribute: TypeAlias = int | float | str | Sequence[int] | Sequence[float]


def literal(anchor: ir.Node, array: np.ndarray) -> ir.Value:
    """Insert a Constant node before ``anchor`` and return its value.

    A node, not an initializer: functions hold none. All are lifted later.
    """
    tensor = ir.tensor(np.asarray(array, order="C"))  # 0-d stays 0-d
    node = ir.node("Constant", [], attributes={"value": tensor}, version=CANONICAL_OPSET)
    value = node.outputs[0]
    value.shape, value.type = ir.Shape(array.shape), ir.TensorType(tensor.dtype)
    value.const_value = tensor
    owner(anchor).insert_before(anchor, node)
    return value


def integers(anchor: ir.Node, numbers: Sequence[int]) -> ir.Value:
    """Insert an int64 vector before ``anchor``."""
    return literal(anchor, np.array(numbers, dtype=np.int64))


def scalar(anchor: ir.Node, number: float, like: ir.Value | None = None) -> ir.Value:
    """Insert one number before ``anchor``, float32 unless ``like`` has another known type."""
    dtype = ir.DataType.FLOAT if like is None or like.dtype is None else like.dtype
    return literal(anchor, np.array(number, dtype=dtype.numpy()))


def insert(
    anchor: ir.Node,
    op_type: str,
    inputs: Sequence[ir.Value | None],
    attributes: Mapping[str, Attribute] | None = None,
) -> ir.Value:
    """Insert a standard operator with one output before ``anchor`` and return the output."""
    node = ir.node(op_type, inputs, attributes=dict(attributes or {}), version=CANONICAL_OPSET)
    owner(anchor).insert_before(anchor, node)
    return node.outputs[0]


def copied(
    anchor: ir.Node,
    op_type: str,
    inputs: Sequence[ir.Value | None],
    attributes: Mapping[str, ir.Attr],
) -> ir.Value:
    """Insert a standard operator with attributes of another node before ``anchor``."""
    node = ir.node(op_type, inputs, version=CANONICAL_OPSET)
    for attribute in attributes.values():
        node.attributes.add(attribute)
    owner(anchor).insert_before(anchor, node)
    return node.outputs[0]


def become(
    node: ir.Node,
    op_type: str,
    inputs: Sequence[ir.Value | None],
    attributes: Mapping[str, Attribute] | None = None,
) -> None:
    """Make ``node`` another standard operator in place; its outputs keep their names."""
    node.version = CANONICAL_OPSET
    node.op_type, node.domain = op_type, ""
    node.resize_inputs(len(inputs))
    for index, value in enumerate(inputs):
        node.replace_input_with(index, value)
    node.attributes.clear()
    for key, value_ in (attributes or {}).items():
        set_attribute(node, key, value_)


def set_attribute(node: ir.Node, name: str, value: Attribute) -> None:
    """Set or replace one attribute."""
    node.attributes[name] = ir.convenience.convert_attribute(name, value)


def constant(value: ir.Value | None) -> np.ndarray | None:
    """Return the array of an initializer or of a Constant node; None for anything else."""
    tensor = ir.convenience.get_const_tensor(value) if value is not None else None
    return None if tensor is None else tensor.numpy()


def rank(value: ir.Value | None) -> int | None:
    """Return the rank where it is known."""
    return None if value is None or value.shape is None else value.shape.rank()


def owner(node: ir.Node) -> ir.Graph:
    """Return the graph or body that holds ``node``."""
    graph = node.graph
    if graph is None:
        raise ValueError(f"{node.op_type} is in no graph")
    return graph
