"""Re-estimate batch norm: the gain and the mean of each channel, as the integer network has them.

The batch norms are folded into the layers, so their statistics are re-estimated as a factor and
a shift of each output channel: the ones that undo what quantization systematically does to it.
The gain is the slope of the integer network's outputs over the float network's; the ratio of the
deviations would count the noise as gain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgekit.export.integer.encodings import Layer
from edgekit.quantize.candidate import Stop
from edgekit.quantize.rungs.base import walking
from edgekit.quantize.rungs.bias import median, places

_GAINS = (0.8, 1.25)  # a channel further off is not one to amplify
_MIDDLE = (0.02, 0.98)


def _revised(stop: Stop) -> Layer:
    layer = stop.layer
    wanted, found = places(stop.wanted), places(stop.given)
    factor = np.ones(len(wanted))
    if layer.scales.size > 1:  # one scale for all channels leaves no gain to choose
        factor = 1 / np.clip(_slopes(wanted, found), *_GAINS)
    shift = median(wanted - found * factor[:, None])
    scales = np.asarray(layer.scales * factor, np.float32) if layer.scales.size > 1 else None
    return replace(
        layer,
        scales=layer.scales if scales is None else scales,
        bias=layer.bias * factor + shift,
    )


def _slopes(wanted: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the slope of each channel, over the places that are not its extremes.

    A range may clip those, which says nothing about the gain of all others.
    """
    low, high = np.quantile(wanted, _MIDDLE, axis=1, keepdims=True)
    inside = (wanted >= low) & (wanted <= high)
    count = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    x = np.where(inside, wanted - (wanted * inside).sum(axis=1, keepdims=True) / count, 0.0)
    y = np.where(inside, given - (given * inside).sum(axis=1, keepdims=True) / count, 0.0)
    variance = (x * x).sum(axis=1, dtype=np.float64)
    covariance = (x * y).sum(axis=1, dtype=np.float64)
    slopes: np.ndarray = np.divide(covariance, variance, out=np.ones(len(x)), where=variance > 0)
    return slopes


RUNG = walking("batch-norm", "re-estimate gain and mean of every channel", _revised)
