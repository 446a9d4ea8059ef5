"""Re-estimate batch norm: the gain and the mean of each channel, as the integer network has them.

The batch norms are folded into the layers, so their statistics are re-estimated as a factor and
a shift of each output channel: the ones that undo what quantization systematically does to it.
The gain is the slope of the integer network's outputs over the float network's; the ratio of the
deviations would count the noise as gain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgekit.export.encodings import Layer
from edgekit.quantize.draft import Context, Draft, Stop, layer_by_layer
from edgekit.quantize.rungs.base import AFTER_ROUNDING, Rung
from edgekit.quantize.rungs.bias_correction import SAMPLES, median_shift
from edgekit.quantize.walk import Values

_GAINS = (0.8, 1.25)  # a channel further off is not one to amplify


def _apply(draft: Draft, context: Context) -> Draft:
    return layer_by_layer(draft, context.few(SAMPLES), _revised)


def _revised(stop: Stop, given: Values) -> Layer:
    layer = stop.layer
    if layer.scales.size == 1:  # one scale for all channels leaves no gain to choose
        return replace(layer, bias=layer.bias + median_shift(stop.wanted, given))
    factor = 1 / np.clip(_slopes(stop.wanted, given), *_GAINS)
    shape = [1] * given[0].ndim
    shape[1] = -1
    scaled = [(values * factor.reshape(shape)) for values in given]
    scales = np.asarray(layer.scales * factor, np.float32)
    return replace(
        layer, scales=scales, bias=layer.bias * factor + median_shift(stop.wanted, scaled)
    )


def _slopes(wanted: Values, given: Values) -> np.ndarray:
    mean, mean_given = _means(wanted), _means(given)
    axes = tuple(axis for axis in range(wanted[0].ndim) if axis != 1)
    shape = [1] * wanted[0].ndim
    shape[1] = -1
    covariance, variance = np.zeros(mean.size), np.zeros(mean.size)
    for truth, answer in zip(wanted, given, strict=True):
        centred = truth - mean.reshape(shape)
        covariance += (centred * (answer - mean_given.reshape(shape))).sum(axis=axes)
        variance += (centred * centred).sum(axis=axes)
    return np.divide(covariance, variance, out=np.ones(mean.size), where=variance > 0)


def _means(values: Values) -> np.ndarray:
    """Return the mean of each channel over samples and places, float64 (channels,)."""
    axes = tuple(axis for axis in range(values[0].ndim) if axis != 1)
    return np.asarray(np.mean([v.mean(axis=axes, dtype=np.float64) for v in values], axis=0))


RUNG = Rung("batch-norm", "re-estimate gain and mean of every channel", AFTER_ROUNDING, _apply)
