"""When a Transpose moves its operand at once, instead of leaving that to whoever reads the result.

Left alone it costs nothing where the values are turned back later. Where several operators each
need them as ONNX numbers them, moving once is cheaper: the queries, keys and values of an
attention that are split after one Transpose, or a residual stream that every layer reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, orders
from edgekit.export.graph.operators import Order as Need
from edgekit.export.graph.orders import Order

ResultOrder = Callable[[ir.Node, ir.Value, Mapping[ir.Value, Order]], Order]

_FARTHEST = 300  # values looked at: some layers of a network
_ALONG_LAST_AXIS = ("Softmax", "TopK")


def pays_at_once(
    result: ir.Value, order: Order, known: Mapping[ir.Value, Order], of_result: ResultOrder
) -> bool:
    """Tell whether fewer values are moved if a Transpose moves its operand.

    Args:
        result: of the Transpose.
        order: in which it is stored if nothing is moved.
        known: the orders of the values before it.
        of_result: the order of a result among given ones.
    """
    if _is_plain(order):
        return False
    walk = _Walk(dict(known), of_result)
    walk.found[result] = order
    waiting = [result]
    while waiting and walk.seen < _FARTHEST:
        waiting += walk.past(waiting.pop())
    return walk.moved_if_left > walk.moved_if_turned + 1


def _is_plain(order: Order) -> bool:
    rank = len(order)
    return order == orders.natural(rank) or (rank == 4 and order == orders.channels_last(rank))


@dataclass
class _Walk:
    """What is met behind a Transpose whose values stay where they are."""

    found: dict[ir.Value, Order]
    of_result: ResultOrder
    moved_if_left: int = 0
    moved_if_turned: int = 0
    seen: int = field(default=0)

    def past(self, value: ir.Value) -> list[ir.Value]:
        """Count the moves that readers of a value ask for; return where the order lives on."""
        self.seen += 1
        onward: list[ir.Value] = []
        is_read_turned = value.is_graph_output()
        for use in value.uses():
            turned, results = self._read(use.node, value)
            is_read_turned |= turned
            onward += results
        self.moved_if_left += is_read_turned
        return onward

    def _read(self, node: ir.Node, value: ir.Value) -> tuple[bool, list[ir.Value]]:
        """Tell whether an operator needs a value moved; else return results that are like it."""
        order = self.found[value]
        rank, need = len(order), operators.of(node).order
        if g.is_op(node, "MatMul") and _is_swapped(order):
            return False, []
        if need is Need.CHANNELS_LAST:
            self.moved_if_turned += 1
            return order != orders.channels_last(rank), []
        if need is Need.NATURAL:
            return True, []
        if g.is_op(node, "Reshape"):
            shapes = (g.shape_of(value), g.shape_of(node.outputs[0]))
            if orders.of_reshape(*shapes, order)[0] != order:
                return True, []
        if g.is_op(node, *_ALONG_LAST_AXIS):
            axis = node.attributes.get_int("axis", -1) % rank
            if order[-1] != axis:
                return True, []
        return self._followed(node, value)

    def _followed(self, node: ir.Node, value: ir.Value) -> tuple[bool, list[ir.Value]]:
        onward = []
        for result in node.outputs:
            if result in self.found or result.shape is None:
                continue
            sizes = g.shape_of(result)
            order = orders.plainest(sizes, self.of_result(node, result, self.found))
            if not _is_plain(order):
                self.found[result] = order
                onward.append(result)
            elif operators.of(node).order is Need.FOLLOWS and len(sizes) == len(self.found[value]):
                self.moved_if_turned += order != orders.natural(len(order))
                return True, []
            else:
                self.moved_if_turned += 1  # what was turned back for nothing
        return False, onward


def _is_swapped(order: Order) -> bool:
    """Tell whether only the last two dimensions are swapped, which a product reads as it is."""
    rank = len(order)
    return order == (*range(rank - 2), rank - 1, rank - 2)
