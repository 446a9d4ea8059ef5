"""Orders of dimensions: how a file stores a value beside how ONNX numbers its dimensions.

An order lists, for each stored dimension, which dimension of the value it is. An image map that is
NCHW in ONNX and NHWC in the file has the order (0, 2, 3, 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Order: TypeAlias = tuple[int, ...]


def natural(rank: int) -> Order:
    """Return the order of a value that is stored as ONNX numbers it."""
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    """Return the order that windows over space are computed in: NHWC, NWC, NDHWC."""
    return (0, *range(2, rank), 1) if rank > 2 else natural(rank)


def shape(sizes: Sequence[int], order: Order) -> tuple[int, ...]:
    """Return the stored shape; likewise any list of one number a dimension."""
    return tuple(int(sizes[dimension]) for dimension in order)


def axis(dimension: int, order: Order) -> int:
    """Return the stored position of a dimension; negative ones count from the end."""
    return order.index(dimension % len(order))


def turn(before: Order, after: Order) -> Order:
    """Return the permutation of stored dimensions that leads from one order to another."""
    return tuple(before.index(dimension) for dimension in after)


def same_elements(sizes: Sequence[int], one: Order, other: Order) -> bool:
    """Tell whether both orders hold the elements of a value in the same sequence."""
    wide = [[d for d in order if sizes[d] != 1] for order in (one, other)]
    return wide[0] == wide[1]


def plainest(sizes: Sequence[int], order: Order) -> Order:
    """Return an order that holds the same elements, NHWC for rank 4 or natural where one does."""
    rank = len(sizes)
    for known in (channels_last(rank) if rank == 4 else natural(rank), natural(rank)):
        if same_elements(sizes, known, order):
            return known
    return order


def transposed(order: Order, permutation: Sequence[int]) -> Order:
    """Return the order in which a Transpose's result is stored if nothing is moved."""
    return tuple(list(permutation).index(dimension) for dimension in order)


def dropped(order: Order, removed: Sequence[int]) -> Order:
    """Return the order that is left when dimensions are taken out of a value."""
    kept = [dimension for dimension in range(len(order)) if dimension not in removed]
    return tuple(kept.index(dimension) for dimension in order if dimension in kept)


def spread(order: Order, dimension: int, count: int) -> Order:
    """Return the order when ``count`` dimensions stand in the place of one."""
    result: list[int] = []
    for each in order:
        if each == dimension:
            result += range(dimension, dimension + count)
        else:
            result.append(each if each < dimension else each + count - 1)
    return tuple(result)


def of_reshape(before: Sequence[int], after: Sequence[int], order: Order) -> tuple[Order, Order]:
    """Return orders of a Reshape's operand and result between which the stored elements stay.

    Dimensions that are split or merged together must lie side by side. The operand's is the given
    order if it allows that; else it has to be moved, and is moved to where ONNX numbers it, which
    is what products want that read the heads of an attention side by side.
    """
    groups = _groups(before, after)
    place = {dimension: position for position, dimension in enumerate(order)}
    ranked = sorted(groups, key=lambda group: min((place[d] for d in group[0]), default=-1))
    source = _with_ones([dimension for group in ranked for dimension in group[0]], before)
    target = _with_ones([dimension for group in ranked for dimension in group[1]], after)
    if not same_elements(before, source, order):
        return natural(len(before)), plainest(after, natural(len(after)))
    return order, plainest(after, target)


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Cut a Reshape into runs of dimensions with equal products, those of size one left out."""
    if 0 in (*before, *after):
        return [(list(range(len(before))), list(range(len(after))))]
    result: list[tuple[list[int], list[int]]] = []
    left = [d for d, size in enumerate(before) if size != 1]
    right = [d for d, size in enumerate(after) if size != 1]
    while left or right:
        read, made = [left.pop(0)], [right.pop(0)]
        sizes = [before[read[0]], after[made[0]]]
        while sizes[0] != sizes[1]:
            if sizes[0] < sizes[1]:
                read.append(left.pop(0))
                sizes[0] *= before[read[-1]]
            else:
                made.append(right.pop(0))
                sizes[1] *= after[made[-1]]
        result.append((read, made))
    return result


def _with_ones(wide: Sequence[int], sizes: Sequence[int]) -> Order:
    """Return an order with the dimensions of size one put in, each behind the one before it."""
    result = list(wide)
    for dimension in range(len(sizes)):
        if dimension not in wide:
            result.insert(result.index(dimension - 1) + 1 if dimension else 0, dimension)
    return tuple(result)


def operand(array: np.ndarray, order: Order) -> np.ndarray:
    """Return a constant that broadcasts against a stored value.

    Leading axes of size one are dropped again: [1, 1, 1, C] becomes [C].
    """
    rank = len(order)
    if array.ndim == 0 or array.ndim > rank or order == natural(rank):
        return array
    full = array.reshape((1,) * (rank - array.ndim) + array.shape).transpose(order)
    while full.ndim > 1 and full.shape[0] == 1:
        full = full[0]
    return np.ascontiguousarray(full)


def elements(sizes: Sequence[int]) -> int:
    """Return the number of elements of a shape."""
    return math.prod(sizes)
