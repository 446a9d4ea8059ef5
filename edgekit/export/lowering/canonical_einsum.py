"""Einsum becomes sums, transposes, and one product for each pair of operands.

Indices fall into groups: those that both operands have and that are kept (the batch), those that
both have and that are summed, and those of one operand alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g

_ELLIPSIS = "0123456789"  # indices that an ellipsis stands for, the last one last


@dataclass(frozen=True)
class _Operand:
    """A value and one letter for each of its axes."""

    value: ir.Value
    letters: str

    @property
    def sizes(self) -> dict[str, int]:
        return dict(zip(self.letters, g.shape_of(self.value), strict=True))


def rewrite(node: ir.Node) -> bool:
    """Match any Einsum."""
    if not g.is_op(node, "Einsum"):
        return False
    values = [g.operand(node, index) for index in range(len(node.inputs))]
    equation = node.attributes.get_string("equation", "")
    terms, result = _terms(equation, [len(g.shape_of(value)) for value in values])
    diagonals = [_diagonal(node, _Operand(*pair)) for pair in zip(values, terms, strict=True)]
    values, terms = [each.value for each in diagonals], [each.letters for each in diagonals]
    operands = [
        _without_broadcast(node, operand, terms, values) for operand in map(_Operand, values, terms)
    ]
    total = operands[0]
    for index in range(1, len(operands)):
        wanted = result + "".join(other.letters for other in operands[index + 1 :])
        total = _product(node, total, operands[index], wanted)
    total = _transposed(node, _summed(node, total, result), result)
    if g.shape_of(total.value) != g.shape_of(node.outputs[0]):
        raise RefusedError(
            f"Einsum {g.label(node)!r} stretches an axis of size one under a letter, for which "
            "ONNX has no shape: expand the operand before",
            reason_code="einsum-broadcast",
        )
    g.replace(node, total.value)
    return True


def _terms(equation: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """Return the indices of each operand and of the result, ellipses written out."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = []
    widest = ""
    for term, rank in zip(left.split(","), ranks, strict=True):
        hidden = rank - len(term.replace("...", "")) if "..." in term else 0
        letters = _ELLIPSIS[len(_ELLIPSIS) - hidden :] if hidden else ""
        widest = max(widest, letters, key=len)
        terms.append(term.replace("...", letters))
    if arrow:
        return terms, right.replace("...", widest)
    every = "".join(terms)
    once = sorted(letter for letter in set(every) - set(_ELLIPSIS) if every.count(letter) == 1)
    return terms, widest + "".join(once)


def _diagonal(node: ir.Node, operand: _Operand) -> _Operand:
    """Take the diagonal of every index that an operand has twice, or more often."""
    twice = next((k for k in operand.letters if operand.letters.count(k) > 1), None)
    if twice is None:
        return operand
    shape, places = (
        g.shape_of(operand.value),
        [i for i, k in enumerate(operand.letters) if k == twice],
    )
    first, second = places[:2]
    others = [axis for axis in range(len(shape)) if axis not in (first, second)]
    size = shape[first]
    front = [shape[axis] for axis in others]
    turned = g.transposed(node, operand.value, [*others, first, second])
    flat = _reshaped(node, turned, [*front, size * size])
    graph = g.graph_of(node)
    steps = g.add_constant(graph, "diagonal", np.arange(size, dtype=np.int64) * (size + 1))
    made = g.insert(node, "Gather", [flat, steps], [*front, size], {"axis": len(front)})
    letters = "".join(operand.letters[axis] for axis in others) + twice
    return _diagonal(node, _Operand(made, letters))


def _without_broadcast(
    node: ir.Node, operand: _Operand, terms: Sequence[str], values: Sequence[ir.Value]
) -> _Operand:
    """Drop axes of size one that stand for a longer axis of another operand."""
    longest: dict[str, int] = {}
    for term, value in zip(terms, values, strict=True):
        for letter, size in zip(term, g.shape_of(value), strict=True):
            longest[letter] = max(size, longest.get(letter, 0))
    kept = [k for k, size in operand.sizes.items() if size == longest[k]]
    if len(kept) == len(operand.letters):
        return operand
    shape = [operand.sizes[letter] for letter in kept]
    return _Operand(_reshaped(node, operand.value, shape), "".join(kept))


def _summed(node: ir.Node, operand: _Operand, kept: str) -> _Operand:
    """Sum over every index that is not kept."""
    gone = [axis for axis, letter in enumerate(operand.letters) if letter not in kept]
    if not gone:
        return operand
    letters = "".join(letter for letter in operand.letters if letter in kept)
    axes = g.add_constant(g.graph_of(node), "summed_axes", np.array(gone, dtype=np.int64))
    shape = [operand.sizes[letter] for letter in letters]
    total = g.insert(node, "ReduceSum", [operand.value, axes], shape, {"keepdims": 0})
    return _Operand(total, letters)


def _transposed(node: ir.Node, operand: _Operand, letters: str) -> _Operand:
    if operand.letters == letters:
        return operand
    perm = [operand.letters.index(letter) for letter in letters]
    shape = [operand.sizes[letter] for letter in letters]
    return _Operand(g.insert(node, "Transpose", [operand.value], shape, {"perm": perm}), letters)


def _product(node: ir.Node, left: _Operand, right: _Operand, wanted: str) -> _Operand:
    """Multiply two operands and sum over what nothing else wants."""
    left = _summed(node, left, wanted + right.letters)
    right = _summed(node, right, wanted + left.letters)
    shared = [letter for letter in left.letters if letter in right.letters]
    batch = "".join(letter for letter in shared if letter in wanted)
    inner = "".join(letter for letter in shared if letter not in wanted)
    rows = "".join(letter for letter in left.letters if letter not in shared)
    columns = "".join(letter for letter in right.letters if letter not in shared)
    sizes = left.sizes | right.sizes
    letters = batch + rows + columns
    shape = [sizes[letter] for letter in letters]
    left = _transposed(node, left, batch + rows + inner)
    right = _transposed(node, right, batch + inner + columns)
    batch_sizes = [sizes[letter] for letter in batch]
    row, depth, column = (
        math.prod(sizes[letter] for letter in group) for group in (rows, inner, columns)
    )
    if not inner:
        first = _reshaped(node, left.value, [*_sizes(left), *(1,) * len(columns)])
        second = [*batch_sizes, *(1,) * len(rows), *(sizes[letter] for letter in columns)]
        product = g.insert(node, "Mul", [first, _reshaped(node, right.value, second)], shape)
        return _Operand(product, letters)
    first = _reshaped(node, left.value, [*batch_sizes, row, depth])
    other = _reshaped(node, right.value, [*batch_sizes, depth, column])
    product = g.insert(node, "MatMul", [first, other], [*batch_sizes, row, column])
    return _Operand(_reshaped(node, product, shape), letters)


def _sizes(operand: _Operand) -> tuple[int, ...]:
    return g.shape_of(operand.value)


def _reshaped(node: ir.Node, value: ir.Value, shape: Sequence[int]) -> ir.Value:
    if g.shape_of(value) == tuple(shape):
        return value
    target = g.add_constant(g.graph_of(node), "einsum_shape", np.array(shape, dtype=np.int64))
    return g.insert(node, "Reshape", [value, target], shape)
