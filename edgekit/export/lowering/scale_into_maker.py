"""Multiplying a part of what a layer makes by a scalar moves into the layer's weights.

Attention does so: queries, or their products with the keys, are scaled, and often come with keys
and values from one layer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering.merge_scales import scaled

_MOST_NUMBERS = 1 << 24  # in a value that is followed


def rewrite(node: ir.Node) -> bool:
    """Match the multiplication of what was only moved, or of a product of two such values."""
    found = scaled(node)
    if found is None:
        return False
    source, factor = found
    if g.sole_consumer(source) is not node:
        return False
    product = source.producer()
    parts = [source]
    if g.is_op(product, "MatMul") and product is not None and len(product.inputs) == 2:
        parts = [value for value in product.inputs if value is not None]
    for part in parts:
        layer = _maker(part)
        columns = None if layer is None else _columns(layer, part)
        if layer is not None and columns is not None:
            _scale(layer, columns, np.float32(factor))
            g.replace(node, source)
            return True
    return False


def _maker(value: ir.Value) -> ir.Node | None:
    """Return the layer that makes what is moved to ``value``."""
    node = value.producer()
    while node is not None and _moves(node):
        node = g.operand(node, 0).producer()
    if node is None or not g.is_op(node, "Gemm", "MatMul"):
        return None
    constants = [g.constant(operand) for operand in node.inputs[1:] if operand is not None]
    if any(array is None for array in constants) or len(g.shape_of(g.operand(node, 1))) != 2:
        return None
    return node if np.prod(g.shape_of(node.outputs[0])) <= _MOST_NUMBERS else None


def _moves(node: ir.Node) -> bool:
    return g.is_op(node, "Reshape", "Slice", "Split", "Transpose")


def _columns(layer: ir.Node, part: ir.Value) -> np.ndarray | None:
    """Return the columns of a layer's result that ``part`` has; None if another reader has any."""
    shape = g.shape_of(layer.outputs[0])
    places = np.broadcast_to(np.arange(shape[-1], dtype=np.int32), shape)
    own: np.ndarray | None = None
    others: list[np.ndarray] = []
    for value, held in _followed(layer.outputs[0], places):
        if value is part and g.sole_consumer(value) is not None:
            own = np.unique(held)
        elif value.is_graph_output() or not all(_moves(use.node) for use in value.uses()):
            others.append(np.unique(held))
    if own is None or any(np.isin(own, held).any() for held in others):
        return None
    return own


def _followed(value: ir.Value, held: np.ndarray) -> Iterator[tuple[ir.Value, np.ndarray]]:
    """Yield every value that this one is moved to, and which of its columns that holds where."""
    yield value, held
    for use in value.uses():
        if _moves(use.node):
            for output, moved in zip(use.node.outputs, _moved(use.node, held), strict=True):
                yield from _followed(output, moved)


def _moved(node: ir.Node, held: np.ndarray) -> list[np.ndarray]:
    if g.is_op(node, "Transpose"):
        order = node.attributes.get_ints("perm", tuple(reversed(range(held.ndim))))
        return [held.transpose(order)]
    if g.is_op(node, "Reshape"):
        return [held.reshape(g.shape_of(node.outputs[0]))]
    if g.is_op(node, "Split"):
        axis = node.attributes.get_int("axis", 0)
        sizes = [g.shape_of(output)[axis] for output in node.outputs]
        return np.split(held, np.cumsum(sizes)[:-1], axis)
    return [_cut(node, held)]


def _cut(node: ir.Node, held: np.ndarray) -> np.ndarray:
    """Return what a Slice takes."""
    starts, ends, *more = (
        np.asarray(g.constant(value)).reshape(-1) for value in node.inputs[1:] if value is not None
    )
    axes = more[0] if more else np.arange(len(starts))
    steps = more[1] if len(more) > 1 else np.ones(len(starts), np.int64)
    where = [slice(None)] * held.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        where[int(axis)] = slice(int(start), int(end), int(step))
    return held[tuple(where)]


def _scale(layer: ir.Node, columns: np.ndarray, factor: np.float32) -> None:
    """Multiply a layer's columns; other readers of the old constants keep them."""
    turned = layer.attributes.get_int("transB", 0) != 0
    width = g.shape_of(layer.outputs[0])[-1]
    for index, operand in enumerate(layer.inputs):
        array = g.constant(operand)
        if array is None:
            continue
        factors = np.ones(width, np.float32)
        factors[columns] = factor
        made = array * (factors[:, None] if index == 1 and turned else factors)
        name = f"{g.label(layer)}_{index}_scaled"
        layer.replace_input_with(index, g.add_constant(g.graph_of(layer), name, made))
