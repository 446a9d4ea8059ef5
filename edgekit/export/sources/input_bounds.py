"""Which numbers an input can sensibly hold, judged by what the graph does with them.

An index must not lie outside of what it points into; a number that is compared with constants
should meet them, so that both branches are seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g

_MOVES = (
    "Cast", "Concat", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split",
    "Squeeze", "Tile", "Transpose", "Unsqueeze",
)  # fmt: skip
_COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
_LENGTHS = 4  # the input of recurrent operators that says how long each sequence is
_UNBOUNDED = 10
"""Below which integers stay where the graph says nothing about them."""


@dataclass(frozen=True)
class Bounds:
    """What an input may hold.

    Attributes:
        below: every number is at least ``least`` and less than this; None where anything will do.
        met: integers of which some should be there; within the bounds.
        least: below 0 for signed integers that stand for real numbers.
    """

    below: int | None
    met: tuple[int, ...] = ()
    least: int = 0


@dataclass(frozen=True)
class Kind:
    """What kind of numbers an input holds.

    Attributes:
        dtype: numpy's name of the element type.
        bounds: of the numbers.
    """

    dtype: str = "float32"
    bounds: Bounds = Bounds(None)


FLOAT32 = Kind()


def kind_of(value: ir.Value) -> Kind:
    """Return what kind of numbers an input of the canonical graph holds."""
    dtype = value.dtype or ir.DataType.FLOAT
    if dtype == ir.DataType.BOOL:
        return Kind("bool")
    return Kind(np.dtype(dtype.numpy()).name, of_input(value))


def of_input(value: ir.Value) -> Bounds:
    """Return the bounds of an input of the canonical graph.

    Floats are bounded only where they become indices. Integers that are taken from 1 are truth
    values.
    """
    limits: list[int] = []
    met: list[int] = []
    truths: list[int] = []
    seen: set[ir.Value] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for use in current.uses():
            limit = _index_limit(use.node, use.idx)
            if limit is not None:
                limits.append(limit)
            elif g.is_op(use.node, *_MOVES):
                waiting += use.node.outputs
            elif g.is_op(use.node, *_COMPARISONS):
                other = g.constant(use.node.inputs[1 - use.idx])
                met += [] if other is None else [int(x) for x in other.ravel()[:8]]
            elif _negates(use.node, use.idx):
                truths.append(2)
    dtype = value.dtype or ir.DataType.FLOAT
    if dtype.is_floating_point():
        return Bounds(min(limits, default=None))
    below = min([*limits, *truths, int(np.iinfo(dtype.numpy()).max) + 1])
    if any(g.is_op(use.node, "DequantizeLinear") for use in value.uses()):
        return Bounds(below, least=int(np.iinfo(dtype.numpy()).min))
    found = tuple(sorted({number for number in met if 0 <= number < below}))
    if not limits and dtype != ir.DataType.UINT8:
        below = min(below, max([_UNBOUNDED, *(number + 2 for number in found)]))
    return Bounds(below, found)


def _negates(node: ir.Node, position: int) -> bool:
    """Tell whether a node makes 1 of 0 and 0 of 1, as masks of attention are used."""
    return g.is_op(node, "Sub") and position == 1 and g.scalar(node.inputs[0]) == 1


def _index_limit(node: ir.Node, position: int) -> int | None:
    """Return how far an index or a length reaches, if input ``position`` of ``node`` holds such."""
    if g.is_op(node, "Gather", "GatherElements", "ScatterElements") and position == 1:
        sizes = g.shape_of(g.operand(node, 0))
        return sizes[node.attributes.get_int("axis", 0)]
    if g.is_op(node, "GRU", "LSTM", "RNN") and position == _LENGTHS:
        axis = 1 if node.attributes.get_int("layout", 0) else 0
        return g.shape_of(g.operand(node, 0))[axis] + 1
    if g.is_op(node, "GatherND", "ScatterND") and position == 1:
        depth = g.shape_of(g.operand(node, 1))[-1]
        first = node.attributes.get_int("batch_dims", 0)
        return min(g.shape_of(g.operand(node, 0))[first : first + depth], default=1)
    return None
