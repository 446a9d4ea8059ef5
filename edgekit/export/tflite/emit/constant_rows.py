"""Constants beside a map, stored so that the arithmetic has long rows.

XNNPACK broadcasts a constant in one call for each run of numbers that it has: with one number a
channel that is a call a pixel, with a row of pixels a call a row, with one number a single call.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.export.tflite.writer import Writer

_MOST_ELEMENTS = 4096
"""Of a row: 16 kB in float32, which stays in the first cache beside what it is combined with."""


def lengthen(writer: Writer, operands: Sequence[int], shape: Sequence[int]) -> list[int]:
    """Return the operands of an elementwise operator, constants among them stored in longer rows.

    Args:
        writer: where they are stored.
        operands: tensor numbers of two operands.
        shape: stored shape of the result.
    """
    tensors = writer.program.tensors
    found = list(operands)
    for place, number in enumerate(operands):
        array, other = tensors[number].data, tensors[operands[1 - place]]
        if array is None or array.size < 2 or other.data is not None or other.shape != tuple(shape):
            continue
        stored = _lengthened(array, shape)
        if stored.shape != array.shape:
            found[place] = writer.constant(
                tensors[number].name, stored, tensors[number].quantization
            )
    return found


def _lengthened(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Return one number for all if they are alike, else runs repeated over the dimension outside.

    The result has the rank of ``shape`` then: a delegate may read fewer dimensions as others.
    """
    if (array == array.flat[0]).all():
        return array.reshape(-1)[:1]
    sizes = (1,) * (len(shape) - array.ndim) + array.shape
    repeated = [axis for axis, size in enumerate(sizes) if size < shape[axis]]
    if not repeated or repeated[-1] == len(shape) - 1:
        return array
    axis = repeated[-1]
    if array.size * shape[axis] > _MOST_ELEMENTS:
        return array
    return np.broadcast_to(array.reshape(sizes), (*sizes[:axis], shape[axis], *sizes[axis + 1 :]))
