"""NCHW to NHWC: shapes, axes and constants.

Rank-4 activations of the canonical graph are NCHW and become NHWC; every other rank keeps its
order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)


def shape(nchw: Sequence[int]) -> tuple[int, ...]:
    """Return the stored shape of an activation."""
    return tuple(nchw[axis] for axis in TO_NHWC) if len(nchw) == 4 else tuple(nchw)


def axis(nchw_axis: int, rank: int) -> int:
    """Return the stored position of an axis; negative axes count from the end."""
    positive = nchw_axis % rank
    return TO_NHWC.index(positive) if rank == 4 else positive


def per_axis(values: Sequence[int]) -> list[int]:
    """Reorder one number per axis (begins, sizes, pads) to the stored order."""
    return [values[source] for source in TO_NHWC] if len(values) == 4 else list(values)


def operand(array: np.ndarray, rank: int) -> np.ndarray:
    """Return a constant that broadcasts against a stored activation of ``rank``.

    Leading axes of size one are dropped again: [1, 1, 1, C] becomes [C].
    """
    if array.ndim == 0 or rank != 4:
        return array
    full = array.reshape((1,) * (4 - array.ndim) + array.shape).transpose(TO_NHWC)
    while full.ndim > 1 and full.shape[0] == 1:
        full = full[0]
    return np.ascontiguousarray(full)


def order_is_free(nchw: Sequence[int]) -> bool:
    """Tell whether NCHW and NHWC hold the elements of this shape in the same order."""
    return len(nchw) != 4 or nchw[1] == 1 or nchw[2] * nchw[3] == 1
