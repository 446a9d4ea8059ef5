"""The bias that suits rounded weights: the mean error of the outputs is taken out.

Source: Nagel et al., 2019, arXiv 1906.04721, section 4.2, from data. Beyond it, where an
activation function follows, the bias is the least-squares one for the outputs after it.
"""

from __future__ import annotations

import numpy as np

from edgekit.quantize.reconstruct.layer import Codes, Layer
from edgekit.quantize.reconstruct.sampling import Samples, outputs_of

_STEPS = 3  # of Gauss and Newton; without an activation function the first is exact


def fitted(layer: Layer, codes: Codes, samples: Samples) -> Layer:
    """Return the layer with the least-squares bias at the samples."""
    outputs = outputs_of(layer, codes, samples)
    is_clipped = layer.is_clipped
    shift = np.zeros((*outputs.shape[:2], 1), np.float32)
    for _ in range(_STEPS if is_clipped else 1):
        moved = outputs + shift
        missing = samples.targets - np.clip(moved, layer.low, layer.high)
        count: np.ndarray | int = samples.count
        if is_clipped:
            # Where the activation function clips, the bias has no influence.
            free = (moved > layer.low) & (moved < layer.high)
            missing *= free
            count = np.maximum(np.count_nonzero(free, axis=2, keepdims=True), 1)
        shift += np.asarray(missing.sum(axis=2, keepdims=True) / count, np.float32)
    return layer.with_bias(np.asarray(layer.bias + shift.ravel(), np.float32))
