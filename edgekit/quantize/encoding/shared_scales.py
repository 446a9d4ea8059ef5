"""Which values must share one encoding, and which have one that the runtimes prescribe.

Solved once on the graph: what an operator moves, chooses or joins has one scale and zero point,
so no file needs a requantization.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.integer import quantizable

T = TypeVar("T", bound=Hashable)

PRESCRIBED_INT16 = Affine(1 / 32768, 0, 16)
"""Of the operators with a prescribed 8-bit encoding, with 16-bit activations."""


@dataclass(frozen=True)
class Ties:
    """The values that can be encoded, grouped.

    Attributes:
        groups: names of values with one encoding; every encodable value is in exactly one.
        prescribed: encoding of 8-bit groups that an operator prescribes, by group number.
        sums: numbers of groups with one scale, but zero points of their own: what is added, and
            the sum. Such an addition is exact, so no runtime can round it otherwise than
            another, and a chain of residual sums is rounded once a branch.
    """

    groups: tuple[tuple[str, ...], ...]
    prescribed: dict[int, Affine]
    sums: tuple[tuple[int, ...], ...]


def of(model: ir.Model) -> Ties:
    """Group the values of a quantizable graph, in graph order."""
    values = list(encodable(model))
    same = _Union(values)
    for node in model.graph:
        if operators.of(node).shares_scale:
            same.unite([*weight_layers.dynamic_inputs(node), *node.outputs])
    groups = same.groups()
    number_of = {value: number for number, group in enumerate(groups) for value in group}
    sums = _Union(list(range(len(groups))))
    for node in model.graph:
        added = [number_of[v] for v in _added(node) if v in number_of]
        if len(added) == 3:
            sums.unite(added)
    return Ties(
        tuple(tuple(str(value.name) for value in group) for group in groups),
        _prescribed(groups),
        tuple(tuple(members) for members in sums.groups() if len(members) > 1),
    )


def _prescribed(groups: list[list[ir.Value]]) -> dict[int, Affine]:
    found = {}
    for number, group in enumerate(groups):
        makers = [operators.of(m) for value in group if (m := value.producer()) is not None]
        wanted = {traits.prescribed for traits in makers if not traits.shares_scale}
        if len(wanted) == 1 and (prescribed := wanted.pop()) is not None:
            found[number] = prescribed
    return found


def _added(node: ir.Node) -> list[ir.Value]:
    """Return both operands and the stored result of a sum of two values, else nothing.

    A clip with an upper bound needs a range that ends there, so its scale stays its own.
    """
    if not g.is_op(node, "Add", "Sub"):
        return []
    operands, result = list(weight_layers.dynamic_inputs(node)), node.outputs[0]
    if quantizable.is_fused(result):
        reader = g.sole_consumer(result)
        if reader is None or reader.op_type != "Relu":
            return []
        result = reader.outputs[0]
    return [*operands, result]


class _Union(Generic[T]):
    """Union-find that keeps the order of its items."""

    def __init__(self, items: Sequence[T]) -> None:
        self._parents = {item: item for item in items}

    def unite(self, items: Iterable[T]) -> None:
        known = [item for item in items if item in self._parents]
        for other in known[1:]:
            self._parents[self._root(other)] = self._root(known[0])

    def groups(self) -> list[list[T]]:
        members: dict[T, list[T]] = {}
        for item in self._parents:
            members.setdefault(self._root(item), []).append(item)
        return list(members.values())

    def _root(self, item: T) -> T:
        while self._parents[item] != item:
            item = self._parents[item]
        return item


def encodable(model: ir.Model) -> Iterator[ir.Value]:
    """Yield the float values that some capable node touches and that exist in an integer file."""
    for value in (*model.graph.inputs, *(v for node in model.graph for v in node.outputs)):
        nodes = [value.producer(), *(use.node for use in value.uses())]
        is_float = value.dtype in (None, ir.DataType.FLOAT)
        touched = any(node is not None and quantizable.is_capable(node) for node in nodes)
        if is_float and touched and not quantizable.is_fused(value):
            yield value
