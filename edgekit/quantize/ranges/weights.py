"""Scales of weights: symmetric, for each channel or for the whole tensor."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from edgekit.errors import RefusedError, UnknownNameError
from edgekit.quantize.ranges.affine import SMALLEST_SCALE, code_limits

WeightMethod = Literal["max", "mse"]

_RATIOS = np.linspace(1.0, 0.2, 33)  # thresholds tried, as parts of the largest magnitude
_FINER = np.linspace(-0.02, 0.02, 9)  # and around the best of them

Floats = npt.NDArray[np.float64]


def weight_scales(
    weight: npt.NDArray[np.float32],
    axis: int | None,
    bits: int,
    method: WeightMethod = "max",
    tensor: str = "the weight",
) -> npt.NDArray[np.float32]:
    """Return the scales of a weight's symmetric codes.

    Args:
        weight: of any shape.
        axis: the axis with one scale for each index, or None for one scale altogether.
        bits: width of a code, 2 to 16; 8 bits are the codes -127 to 127.
        method: ``max`` covers the largest magnitude; ``mse`` clips where that lowers the sum of
            squared errors, and is never worse than ``max`` by that measure.
        tensor: the name in the message of an error.

    Returns:
        Normal float32 numbers of shape (channels,), or (1,) for axis None. A channel of zeros
        gets the largest scale of the others: its bias then keeps the usual resolution.

    Raises:
        RefusedError: a weight is NaN or infinite (reason "not-finite").
        UnknownNameError: there is no such method.
    """
    if method not in get_args(WeightMethod):
        raise UnknownNameError("weight range method", method, get_args(WeightMethod))
    _, highest = code_limits(bits, symmetric=True)
    channels = 1 if axis is None else weight.shape[axis]
    rows = (weight if axis is None else np.moveaxis(weight, axis, 0)).reshape(channels, -1)
    if not np.isfinite(rows).all():
        raise RefusedError(
            f"{tensor} cannot be quantized: it has weights that are NaN or infinite; check the "
            "weights file",
            reason_code="not-finite",
        )
    largest = np.abs(rows).max(axis=1, initial=0.0).astype(np.float64)
    ratios = _best_ratios(rows, largest, highest) if method == "mse" else np.ones(channels)
    scales = np.maximum(ratios * largest / highest, SMALLEST_SCALE)
    scales[largest == 0] = scales[largest > 0].max(initial=0.0) or 1.0 / highest
    return np.asarray(scales, np.float32)


def _best_ratios(rows: npt.NDArray[np.float32], largest: Floats, highest: int) -> Floats:
    """Return for each row the part of its largest magnitude that is best for a threshold."""
    used = np.where(largest > 0, largest, 1.0)
    # Each row scaled to its codes at ratio 1, and errors in units of those steps.
    scaled = (rows * (highest / used)[:, None]).astype(np.float32)
    best = np.ones(len(rows))
    least = _errors(scaled, best, highest)
    for offsets in (_RATIOS[1:] - 1, _FINER):
        around = best.copy()
        for offset in offsets:
            ratios = np.clip(around + offset, 0.0, 1.0)
            errors = _errors(scaled, ratios, highest)
            better = errors < least
            best[better], least[better] = ratios[better], errors[better]
    return best


def _errors(scaled: npt.NDArray[np.float32], ratios: Floats, highest: int) -> Floats:
    steps = ratios.astype(np.float32)[:, None]
    codes = scaled / steps
    np.rint(codes, out=codes)
    np.clip(codes, -highest, highest, out=codes)
    codes *= steps
    codes -= scaled
    return np.asarray(np.einsum("ij,ij->i", codes, codes, dtype=np.float64))
