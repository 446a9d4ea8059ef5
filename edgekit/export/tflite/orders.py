"""In which order of dimensions the file stores each value of a graph, with few transposes.

Windows over space are NHWC in TFLite, matrix products take values as ONNX numbers them, and
whatever lies between follows its operands. A Transpose moves nothing as a rule: its result is the
same stored tensor under another order, and only an operator that needs another one makes a
TRANSPOSE; see `edgekit.export.tflite.turning` for where that would be many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, orders
from edgekit.export.graph.operators import Order as Need
from edgekit.export.graph.orders import Order
from edgekit.export.tflite import turning


def assign(model: ir.Model) -> dict[ir.Value, Order]:
    """Return the order of every value that the graph takes or makes."""
    found: dict[ir.Value, Order] = {}
    for value in model.graph.inputs:
        rank = len(g.shape_of(value))
        wanted = rank == 4 and _is_image_map(value)
        found[value] = orders.channels_last(rank) if wanted else orders.natural(rank)
    for node in model.graph:
        for value in node.outputs:
            if value.shape is not None and value.name is not None:
                order = orders.plainest(g.shape_of(value), _of_result(node, value, found))
                if g.is_op(node, "Transpose") and turning.pays_at_once(
                    value, order, found, _of_result
                ):
                    order = orders.natural(len(order))
                found[value] = order
    return found


def at_border(order: Order) -> Order:
    """Return the order in which an output leaves the file: NHWC if it is stored so, else ONNX's."""
    rank = len(order)
    return order if order == orders.channels_last(rank) and rank == 4 else orders.natural(rank)


def image_maps(model: ir.Model, shown: Sequence[ir.Value] = ()) -> frozenset[str]:
    """Return the names of the inputs and outputs that are NHWC in a .tflite file.

    Args:
        model: a lowered graph.
        shown: further values that the file has as outputs.
    """
    found = assign(model)
    values = (*model.graph.inputs, *model.graph.outputs, *shown)
    return frozenset(
        str(value.name)
        for value in values
        if value in found and found[value] == orders.channels_last(4)
    )


def _is_image_map(value: ir.Value) -> bool:
    """Tell whether an input of rank 4 is one that windows slide over, or that nothing decides."""
    seen: set[ir.Value] = set()
    waiting, decided = [value], False
    while waiting:
        current = waiting.pop()
        for use in current.uses():
            need = operators.of(use.node).order
            if need is Need.CHANNELS_LAST and len(g.shape_of(current)) > 2:
                return True
            if need in (Need.FOLLOWS, Need.AXES):
                waiting += [v for v in use.node.outputs if v not in seen]
                seen.update(use.node.outputs)
            else:
                decided = True
    return not decided


def _of_result(node: ir.Node, value: ir.Value, found: Mapping[ir.Value, Order]) -> Order:
    sizes = g.shape_of(value)
    rank, need = len(sizes), operators.of(node).order
    if need is Need.CHANNELS_LAST:
        return orders.channels_last(rank)
    if g.is_op(node, "MatMul"):
        return _of_product(node, rank, found)
    if need is Need.NATURAL:
        return orders.natural(rank)
    if need is Need.MOVES:
        return _of_move(node, sizes, found)
    if need is Need.AXES:
        return _of_axes(node, rank, found)
    return _followed(node, rank, found)


def _of_move(node: ir.Node, sizes: tuple[int, ...], found: Mapping[ir.Value, Order]) -> Order:
    source = g.operand(node, 0)
    before = g.shape_of(source)
    order = found.get(source, orders.natural(len(before)))
    if g.is_op(node, "Transpose"):
        return orders.transposed(order, permutation_of(node))
    return orders.of_reshape(before, sizes, order)[1]


def permutation_of(node: ir.Node) -> tuple[int, ...]:
    """Return the permutation of a Transpose."""
    rank = len(g.shape_of(g.operand(node, 0)))
    return tuple(node.attributes.get_ints("perm", tuple(reversed(range(rank)))))


def _of_product(node: ir.Node, rank: int, found: Mapping[ir.Value, Order]) -> Order:
    """Return the order of a MatMul's result: a constant matrix reads the last dimension alone."""
    source, matrix = g.operand(node, 0), g.constant(node.inputs[1])
    if matrix is None or matrix.ndim != 2 or source not in found or rank < 3:
        return orders.natural(rank)
    return last(found[source], rank - 1)


def _followed(node: ir.Node, rank: int, found: Mapping[ir.Value, Order]) -> Order:
    """Return the order of the largest operand of full rank."""
    operands = [v for v in _dynamic(node) if v in found and len(found[v]) == rank]
    if not operands:
        return orders.natural(rank)
    return found[max(operands, key=lambda v: orders.elements(g.shape_of(v)))]


def _of_axes(node: ir.Node, rank: int, found: Mapping[ir.Value, Order]) -> Order:
    if g.is_op(node, "Concat"):
        return _followed(node, rank, found)
    source = next(iter(_dynamic(node)), None)
    if source is None or source not in found:
        return orders.natural(rank)
    order = found[source]
    if g.is_op(node, "Gather"):
        if source is not node.inputs[0]:
            return orders.natural(rank)
        axis = node.attributes.get_int("axis", 0) % len(order)
        return orders.spread(order, axis, rank - len(order) + 1)
    if g.is_op(node, *LAST_AXIS):
        return last(order, node.attributes.get_int("axis", -1))
    axes = removed_axes(node)
    return orders.dropped(order, axes) if axes is not None else order


LAST_AXIS = ("Softmax", "TopK")
"""Operators that TFLite computes along the last stored dimension only."""


def last(order: Order, axis: int) -> Order:
    """Return the order with one dimension moved to the end."""
    dimension = axis % len(order)
    return (*(each for each in order if each != dimension), dimension)


def removed_axes(node: ir.Node) -> tuple[int, ...] | None:
    """Return the axes that a reduction takes away; None for one that keeps all, and for others."""
    source = g.operand(node, 0)
    rank = len(g.shape_of(source))
    if len(g.shape_of(node.outputs[0])) == rank:
        return None
    return reduced_axes(node)


def reduced_axes(node: ir.Node) -> tuple[int, ...]:
    """Return the axes over which a reduction, ArgMax or ArgMin runs, none of them negative."""
    rank = len(g.shape_of(g.operand(node, 0)))
    if g.is_op(node, "ArgMax", "ArgMin"):
        return (node.attributes.get_int("axis", 0) % rank,)
    given = g.constant(node.inputs[1]) if len(node.inputs) > 1 else None
    axes = np.asarray(node.attributes.get_ints("axes", ())) if given is None else given
    if not axes.size and not node.attributes.get_int("noop_with_empty_axes", 0):
        return tuple(range(rank))
    return tuple(sorted(int(axis) % rank for axis in axes.reshape(-1)))


def _dynamic(node: ir.Node) -> Iterator[ir.Value]:
    return (v for v in node.inputs if v is not None and g.constant(v) is None)
