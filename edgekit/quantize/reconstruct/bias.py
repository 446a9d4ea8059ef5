"""The bias that suits rounded weights: the mean error of the outputs is taken out.

Source: Nagel et al., 2019, arXiv 1906.04721, section 4.2, from data. Beyond it, where an
activation function follows, the bias is the least-squares one for the outputs after it.
"""

from __future__ import annotations

import numpy as np

from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer
from edgekit.quantize.reconstruct.sampling import Samples, channel_errors, draw, outputs_of

_STEPS = 3  # of Gauss and Newton; without an activation function the first is exact


def fit_bias(
    layer: Layer,
    codes: Codes,
    inputs: Floats,
    targets: Floats,
    positions: int = 8192,
    seed: int = 0,
) -> Floats:
    """Return a bias, float32 of shape (out,), with which rounded weights come closest.

    Args:
        layer: the layer with its present bias.
        codes: its rounded weights, int8.
        inputs: as for ``learn_rounding``.
        targets: as for ``learn_rounding``.
        positions: how many output positions to look at.
        seed: of their choice.

    Returns:
        The least-squares bias of each channel where it helps at positions that it was not
        fitted to, and the present one elsewhere.

    Raises:
        ValueError: shapes that do not belong together, or no images.
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    learned, judged = draw(layer, inputs, targets, positions, np.random.default_rng(seed))
    other = fitted(layer, codes, learned)
    better = channel_errors(other, codes, judged) < channel_errors(layer, codes, judged)
    return np.where(better, other.bias, layer.bias)


def fitted(layer: Layer, codes: Codes, samples: Samples) -> Layer:
    """Return the layer with the least-squares bias at the samples."""
    outputs = outputs_of(layer, codes, samples)
    shift = np.zeros((outputs.shape[0], 1, outputs.shape[2]))
    for _ in range(_STEPS):
        moved = outputs + shift
        # Where the activation function clips, the bias has no influence.
        free = (moved > layer.low) & (moved < layer.high)
        missing = samples.targets - np.clip(moved, layer.low, layer.high)
        total = np.where(free, missing, 0).sum(axis=1, keepdims=True)
        shift += total / np.maximum(free.sum(axis=1, keepdims=True), 1)
    return layer.with_bias(np.asarray(layer.bias + shift.ravel(), np.float32))
