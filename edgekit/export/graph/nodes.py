"""Small helpers over onnx_ir graphs, shared by the rewrite rules and the writers.

Conventions: graphs are flat (no sub-graphs), shapes are static, activations are NCHW,
and constants are initializers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

AttributeValue: TypeAlias = int | float | str | Sequence[int] | Sequence[float]


def shape_of(value: ir.Value) -> tuple[int, ...]:
    """Return the static shape of ``value``.

    Raises:
        ValueError: if the shape is unknown or has a symbolic dimension.
    """
    if value.shape is None or not all(isinstance(dim, int) for dim in value.shape):
        raise ValueError(f"value {value.name!r} has no static shape: {value.shape}")
    return tuple(int(dim) for dim in value.shape.numpy())


def constant(value: ir.Value | None) -> np.ndarray | None:
    """Return the array behind an initializer, or None if ``value`` is not constant."""
    if value is None or value.const_value is None:
        return None
    return value.const_value.numpy()


def scalar(value: ir.Value | None) -> float | None:
    """Return a one-element constant as a float, or None if ``value`` is anything else."""
    array = constant(value)
    return float(array.item()) if array is not None and array.size == 1 else None


def operand(node: ir.Node, index: int) -> ir.Value:
    """Return input ``index`` of ``node``, which must be present."""
    value = node.inputs[index]
    if value is None:
        raise ValueError(f"{node.op_type} {label(node)!r} has no input {index}")
    return value


def label(node: ir.Node) -> str:
    """Return the name by which a user can find ``node``: its own, else its output's."""
    return node.name or node.outputs[0].name or node.op_type


def qualified(node: ir.Node) -> str:
    """Return the operator type with its domain, as ONNX writes it."""
    return f"{node.domain}.{node.op_type}" if node.domain else node.op_type


def is_op(node: ir.Node | None, *op_types: str) -> bool:
    """Tell whether ``node`` is a standard ONNX operator of one of ``op_types``."""
    return node is not None and node.domain == "" and node.op_type in op_types


def graph_of(node: ir.Node) -> ir.Graph:
    """Return the graph that owns ``node``."""
    graph = node.graph
    if not isinstance(graph, ir.Graph):
        raise ValueError(f"{node.op_type} {label(node)!r} is in no graph")
    return graph


def sole_consumer(value: ir.Value) -> ir.Node | None:
    """Return the only node that reads ``value``; None if several do or it is a graph output."""
    uses = list(value.uses())
    if len(uses) != 1 or value.is_graph_output():
        return None
    return uses[0].node


def add_constant(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    """Register ``array`` as an initializer of ``graph`` under a free name based on ``name``."""
    unique, count = name, 1
    while unique in graph.initializers:
        unique, count = f"{name}_{count}", count + 1
    value = ir.Value(
        name=unique,
        shape=ir.Shape(array.shape),
        type=ir.TensorType(ir.DataType.from_numpy(array.dtype)),
        const_value=ir.Tensor(np.asarray(array, order="C"), name=unique),  # 0-d stays 0-d
    )
    graph.register_initializer(value)
    return value


def add_scalar(graph: ir.Graph, name: str, number: float) -> ir.Value:
    """Register one float32 number as an initializer."""
    return add_constant(graph, name, np.array(number, dtype=np.float32))


def insert(
    anchor: ir.Node,
    op_type: str,
    inputs: Sequence[ir.Value | None],
    shape: Sequence[int],
    attributes: Mapping[str, AttributeValue] | None = None,
    *,
    domain: str = "",
) -> ir.Value:
    """Insert a single-output node before ``anchor`` and return its output.

    Args:
        anchor: the node in front of which the new one is placed.
        op_type: operator type.
        inputs: the new node's inputs; the output takes the dtype of the first.
        shape: static shape of the output.
        attributes: plain Python attribute values.
        domain: operator domain; empty for standard ONNX.
    """
    first = inputs[0]
    node = ir.node(op_type, inputs, attributes=dict(attributes or {}), domain=domain)
    output = node.outputs[0]
    output.shape = ir.Shape(shape)
    output.type = first.type if first is not None else ir.TensorType(ir.DataType.FLOAT)
    graph_of(anchor).insert_before(anchor, node)
    return output


def reshaped(anchor: ir.Node, value: ir.Value, shape: Sequence[int]) -> ir.Value:
    """Insert a Reshape of ``value`` before ``anchor``; a constant is reshaped at once."""
    if shape_of(value) == tuple(shape):
        return value
    array, graph = constant(value), graph_of(anchor)
    if array is not None:
        return add_constant(graph, f"{value.name}_reshaped", array.reshape(shape))
    target = add_constant(graph, "shape", np.array(shape, dtype=np.int64))
    return insert(anchor, "Reshape", [value, target], shape)


def transposed(anchor: ir.Node, value: ir.Value, permutation: Sequence[int]) -> ir.Value:
    """Insert a Transpose of ``value`` before ``anchor``."""
    if list(permutation) == sorted(permutation):
        return value
    shape = [shape_of(value)[axis] for axis in permutation]
    return insert(anchor, "Transpose", [value], shape, {"perm": tuple(permutation)})


def sliced(anchor: ir.Node, value: ir.Value, axis: int, start: int, length: int) -> ir.Value:
    """Insert the Slice of ``length`` elements along ``axis`` before ``anchor``."""
    shape = list(shape_of(value))
    if (start, length) == (0, shape[axis]):
        return value
    shape[axis] = length
    numbers = {"start": start, "end": start + length, "axis": axis}
    bounds = [
        add_constant(graph_of(anchor), f"slice_{name}", np.array([number], dtype=np.int64))
        for name, number in numbers.items()
    ]
    return insert(anchor, "Slice", [value, *bounds], shape)


def plain_attributes(node: ir.Node) -> dict[str, AttributeValue]:
    """Return the attributes of ``node`` as plain values, for a node that is like it."""
    return {name: attribute.value for name, attribute in node.attributes.items()}


def replace(node: ir.Node, replacement: ir.Value) -> None:
    """Put ``replacement`` in the place of ``node``'s only output and remove ``node``.

    A graph output keeps its name, and an encoded value its encoding.
    """
    (output,) = node.outputs
    if "affine" in output.meta:
        replacement.meta.setdefault("affine", output.meta["affine"])
    graph = graph_of(node)
    if output.is_graph_output():
        name = output.name
        output.name = f"{name}_replaced"
        replacement.name = name
    output.replace_all_uses_with(replacement, replace_graph_outputs=True)
    graph.remove(node, safe=True)
