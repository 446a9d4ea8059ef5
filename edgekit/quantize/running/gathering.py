"""What many samples make, each value in one block of memory.

An allocator gives large blocks back to the system when they are let go. Arrays of single samples,
made by several threads between others, leave holes that nothing fits: twice the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from edgekit.quantize.running.session import Arrays

Values = list[np.ndarray]
"""One array a sample."""


def gathered(answers: Iterable[Arrays], names: Sequence[str], count: int) -> dict[str, Values]:
    """Return the arrays of each name, one a sample.

    Args:
        answers: of each sample, in order; all of a name are of one shape and type.
        names: what to take of them.
        count: how many there are.
    """
    blocks: dict[str, np.ndarray] = {}
    for number, answer in enumerate(answers):
        for name in names:
            found = answer[name]
            if name not in blocks:
                blocks[name] = np.empty((count, *found.shape), found.dtype)
            blocks[name][number] = found
    return {
        name: [blocks[name][number, ...] for number in range(count)] if count else []
        for name in names
    }
