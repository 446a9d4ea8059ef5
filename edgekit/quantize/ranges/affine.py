"""From a range of real values to the scale and zero point of its integer codes."""

from __future__ import annotations

import math

import numpy as np

from edgekit.errors import RefusedError

SMALLEST_SCALE = 2.0**-60
"""A bias has the product of two scales: that product is a normal float32 number too."""


def code_limits(bits: int, symmetric: bool) -> tuple[int, int]:
    """Return the lowest and highest code: symmetric codes leave out the lowest of two's complement.

    Raises:
        ValueError: fewer than 2 bits or more than 16.
    """
    if not 2 <= bits <= 16:
        raise ValueError(f"codes have 2 to 16 bits, got {bits}")
    highest = 2 ** (bits - 1) - 1
    return (-highest if symmetric else -highest - 1), highest


def sound_scale(scale: float) -> float:
    """Return the nearest float32 number, and never one below ``SMALLEST_SCALE``."""
    return float(np.float32(max(scale, SMALLEST_SCALE)))


def sound_range(low: float, high: float, tensor: str) -> tuple[float, float]:
    """Widen a range until zero lies in it; nothing but zeros gets the range from 0 to 1.

    Raises:
        RefusedError: an end is NaN or infinite, or too large for float32 (reason "not-finite").
    """
    largest = float(np.finfo(np.float32).max)
    if not (math.isfinite(low) and math.isfinite(high) and max(abs(low), abs(high)) <= largest):
        raise RefusedError(
            f"{tensor} cannot be quantized: its values reach from {low:g} to {high:g}; look for "
            "an overflow or a division by zero before it",
            reason_code="not-finite",
        )
    if low > high:
        raise ValueError(f"the range of {tensor} from {low:g} to {high:g} is upside down")
    low, high = min(float(low), 0.0), max(float(high), 0.0)
    return (low, high) if low < high else (0.0, 1.0)


def to_affine(
    low: float, high: float, bits: int, symmetric: bool, tensor: str = "the tensor"
) -> tuple[float, int]:
    """Return (scale, zero point): a real value is ``scale * (code - zero_point)``.

    The range is first widened until zero lies in it; zero then has a code of its own. An
    asymmetric range moves by at most half a step to bring that about.

    Args:
        low: smallest real value to represent.
        high: largest real value to represent.
        bits: width of a code, 2 to 16.
        symmetric: zero point 0 and as many codes below it as above; otherwise all codes of
            two's complement.
        tensor: the name in the message of an error.

    Returns:
        The scale, a normal float32 number, and the zero point, one of the codes.

    Raises:
        RefusedError: the range is not finite (reason "not-finite").
    """
    low, high = sound_range(low, high, tensor)
    lowest, highest = code_limits(bits, symmetric)
    if symmetric:
        return sound_scale(max(-low, high) / highest), 0
    scale = sound_scale((high - low) / (highest - lowest))
    return scale, min(max(round(lowest - low / scale), lowest), highest)
