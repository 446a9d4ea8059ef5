"""What an output answers, where it has classes."""

from __future__ import annotations

import numpy as np


def answer_of(values: np.ndarray) -> np.ndarray | None:
    """Return the class of each place of an output, integers; None where it has no classes.

    Scores (N, C) and maps of scores (N, C, H, W) have the largest; integers are classes.
    """
    if values.dtype.kind in "iub":
        return values
    if values.ndim in (2, 4) and values.shape[1] > 1:
        return np.asarray(values.argmax(axis=1))
    return None
