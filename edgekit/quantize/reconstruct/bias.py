"""The bias that suits rounded weights: the shift of the outputs' mean is taken out.

Source: Nagel et al., 2019, arXiv 1906.04721, section 4.2, from data; with an activation function
it is the least-squares bias of the outputs after it.
"""

from __future__ import annotations

import numpy as np

from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer
from edgekit.quantize.reconstruct.sampling import Samples, channel_errors, draw, outputs_of

_STEPS = 3  # Gauss-Newton; without an activation function the first is exact


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
        codes: its rounded weights.
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
    present = np.zeros(layer.outputs, np.float32) if layer.bias is None else layer.bias
    shift = _shift(layer, codes, learned).ravel()
    fitted = np.asarray(present + shift, np.float32)
    better = channel_errors(layer.with_bias(fitted), codes, judged) < channel_errors(
        layer, codes, judged
    )
    return np.where(better, fitted, present)


def _shift(layer: Layer, codes: Codes, samples: Samples) -> np.ndarray:
    """Return what to add to the bias, float64 of shape (groups, out / groups)."""
    outputs = outputs_of(layer, codes, samples)
    shift = np.zeros((outputs.shape[0], 1, outputs.shape[2]))
    for _ in range(_STEPS):
        moved = outputs + shift
        free = (moved > layer.low) & (moved < layer.high)
        missing = samples.targets - np.clip(moved, layer.low, layer.high)
        count = free.sum(axis=1, keepdims=True)
        total = (missing * free).sum(axis=1, keepdims=True)
        shift += total / np.maximum(count, 1)
    return shift[:, 0]
