"""Which whole numbers a value can hold, from the graph alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators

Range: TypeAlias = tuple[int, int]
"""The least and the largest number."""

_INT32 = -(2**31), 2**31 - 1
_INDICES = ("ArgMax", "ArgMin", "NonZero", "TopK")
_PUT_IN = {"Pad": (0, 2), "ScatterElements": (0, 2), "ScatterND": (0, 2)}
_FILLING = ("MaxUnpool", "Pad")
_Known: TypeAlias = dict[ir.Value, Range | None]


def fits_int32(value: ir.Value) -> bool:
    """Tell whether every element of an int64 value is certainly one that int32 holds."""
    found = of(value, {})
    return found is not None and _INT32[0] <= found[0] and found[1] <= _INT32[1]


def of(value: ir.Value, known: _Known) -> Range | None:
    """Return the range of a value of whole or truth values; None where nothing is known.

    Args:
        value: of any type.
        known: of values that were asked for before; what is found is added.
    """
    if value not in known:
        known[value] = None  # for as long as it is looked for
        known[value] = _within_type(value, _found(value, known))
    return known[value]


def _found(value: ir.Value, known: _Known) -> Range | None:
    array, node = g.constant(value), value.producer()
    if array is not None:
        is_whole = array.size and array.dtype.kind in "iub"
        return (int(array.min()), int(array.max())) if is_whole else None
    if node is None or node.domain:
        return None
    if node.op_type in _INDICES and value is node.outputs[-1]:  # a TopK's first ones are values
        return 0, _INT32[1]
    if g.is_op(node, *_ARITHMETIC) and len(node.inputs) == 2:
        pair = [of(g.operand(node, index), known) for index in (0, 1)]
        return None if None in pair else _ARITHMETIC[node.op_type](*pair)  # type: ignore[arg-type]
    if g.is_op(node, "Where"):
        chosen = [of(g.operand(node, index), known) for index in (1, 2)]
        return None if None in chosen else _around([n for each in chosen if each for n in each])
    if g.is_op(node, "Cast"):
        return of(g.operand(node, 0), known)
    if operators.of(node).layer_class == "data movement":
        return _moved(node, known)
    return None


def _moved(node: ir.Node, known: _Known) -> Range | None:
    """Return the range of all that a node may put into its result."""
    places = (
        range(len(node.inputs)) if node.op_type == "Concat" else _PUT_IN.get(node.op_type, (0,))
    )
    given = [node.inputs[place] for place in places if place < len(node.inputs)]
    ranges = [of(each, known) for each in given if each is not None]
    if None in ranges:
        return None
    filled = [0] if g.is_op(node, *_FILLING) else []
    return _around([*filled, *(number for each in ranges if each for number in each)])


def _within_type(value: ir.Value, found: Range | None) -> Range | None:
    """Return what a type of fewer bits holds, where more might come of the arithmetic."""
    if value.dtype == ir.DataType.BOOL:
        return 0, 1
    if value.dtype is None or not value.dtype.is_integer():
        return None
    limits = np.iinfo(value.dtype.numpy())
    least, most = int(limits.min), int(limits.max)
    if found is not None and least <= found[0] and found[1] <= most:
        return found
    return None if value.dtype in (ir.DataType.INT64, ir.DataType.UINT64) else (least, most)


def _around(numbers: Sequence[int]) -> Range:
    return min(numbers), max(numbers)


def _product(a: Range, b: Range) -> Range:
    return _around([x * y for x in a for y in b])


def _quotient(a: Range, b: Range) -> Range | None:
    """No quotient of whole numbers is larger than what is divided."""
    most = max(abs(each) for each in a)
    return (-most if min(*a, *b) < 0 else 0), most


def _rest(_: Range, b: Range) -> Range:
    most = max(abs(each) for each in b)
    return -most, most


_ARITHMETIC: dict[str, Callable[[Range, Range], Range | None]] = {
    "Add": lambda a, b: (a[0] + b[0], a[1] + b[1]),
    "Div": _quotient,
    "Max": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "Min": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "Mod": _rest,
    "Mul": _product,
    "Sub": lambda a, b: (a[0] - b[1], a[1] - b[0]),
}
