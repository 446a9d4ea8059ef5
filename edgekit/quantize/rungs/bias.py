"""Empirical bias correction: take the shift of each channel into the bias.

After Nagel et al., 2019 (arXiv 1906.04721), section 4.2, with data: layer by layer, each layer
seeing what the corrected ones before it make. The shift is the median of the differences, not
their mean: where a range clips rare large values, those few places would move all others. What the
samples do not agree on is no shift but noise, of which a few samples of a vector hold as much.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from edgekit.export.integer.encodings import Layer
from edgekit.quantize.candidate import Stop
from edgekit.quantize.rungs.base import walking
from edgekit.quantize.running import parallel
from edgekit.quantize.running.gathering import Values

_PLACES = 196  # looked at in one sample: 14 by 14


def _revised(stop: Stop) -> Layer:
    return replace(stop.layer, bias=stop.layer.bias + median_shift(stop.wanted, stop.given))


def median_shift(wanted: Values, given: Values) -> np.ndarray:
    """Return the median of ``wanted - given`` in each channel, float64 (channels,).

    Each is made smaller by what it may be off, beside how large the shifts of the layer's channels
    are: the linear estimator of empirical Bayes, which for one channel is that of James and Stein.
    """
    differences, samples = places(wanted) - places(given), len(wanted)
    by_sample = differences.reshape(len(differences), samples, -1)
    found, of_each = parallel.in_order(median, (differences, by_sample))
    shift = found.astype(np.float64)
    if samples < 2:
        return shift
    error = math.pi / 2 * of_each.var(axis=1, ddof=1, dtype=np.float64) / samples  # of a median
    usual = max(0.0, float((shift**2 - error).mean()))
    sure = np.divide(usual, usual + error, out=np.zeros_like(error), where=usual > 0)
    return np.asarray(shift * sure)


def median(values: np.ndarray) -> np.ndarray:
    """Return the median along the last axis, as `numpy.median`, but by one partition."""
    half = values.shape[-1] // 2
    parted = np.partition(values, half, axis=-1)
    high = parted[..., half]
    return high if values.shape[-1] % 2 else (parted[..., :half].max(axis=-1) + high) / 2


def places(values: Values) -> np.ndarray:
    """Return values of shape (channels, places), evenly spaced over every sample's map."""
    parts = []
    for each in values:
        flat = np.moveaxis(each, 1, 0).reshape(each.shape[1], -1)
        parts.append(flat[:, :: max(1, flat.shape[1] // _PLACES)])
    return np.concatenate(parts, axis=1)


RUNG = walking("bias", "correct the shift of every channel", _revised, reads_inputs=False)
