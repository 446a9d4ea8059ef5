"""AdaRound: learn for each weight whether to round it up or down.

Source: Nagel et al., 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization", arXiv
2004.10568. The layer's outputs, after its activation function, are brought close to the float
network's; a rectified sigmoid keeps each weight between its two codes, and a regularizer that is
annealed drives it to one of them. Beyond the paper, the bias follows the rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgekit.quantize.reconstruct.bias import fitted
from edgekit.quantize.reconstruct.descent import Settings, descend
from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer
from edgekit.quantize.reconstruct.sampling import Images, channel_errors, draw


@dataclass(frozen=True, eq=False)
class Rounding:
    """Codes of a layer's weights with the bias that suits them, and what they are worth.

    Attributes:
        codes: int8 of the weight's shape; each is one of the two next to the weight.
        bias: float32 of shape (out,).
        error_nearest: mean squared error of the outputs after the activation function with
            every weight rounded to the nearest and the layer's own bias; at positions kept from
            the learning, or at these and the others where the layer has few weights for them.
        error: the same with these codes and this bias; never more.
        changed: number of weights that are not rounded to the nearest.
    """

    codes: Codes
    bias: Floats
    error_nearest: float
    error: float
    changed: int


def learn_rounding(
    layer: Layer, inputs: Images, targets: Images, settings: Settings | None = None
) -> Rounding:
    """Learn the rounding of one layer.

    Args:
        layer: the layer, with float weights and the scales of their codes.
        inputs: float32 values that the layer sees in the quantized network, for each image of
            shape (in, rows, columns), or (in,) for a fully connected layer; one array of all
            images is such a sequence too.
        targets: float32 outputs of the layer in the float network, before the activation
            function, for each image of shape (out, rows, columns) or (out,).
        settings: how long to learn, and from how much.

    Returns:
        For each output channel the best, by these errors, of: the nearest codes and the present
        bias, the same with a fitted bias, the learned codes with theirs.
        The same every time for one number of threads.

    Raises:
        ValueError: shapes that do not belong together, or no images.
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    learned, judged = draw(layer, inputs, targets, settings.positions_for(layer), rng)
    nearest = layer.nearest()
    start = fitted(layer, nearest, learned) if settings.fit_bias else layer
    codes = descend(start, learned, settings, rng)
    end = fitted(start, codes, learned) if settings.fit_bias else layer

    present = channel_errors(layer, nearest, judged)
    best_codes, best_bias, least = nearest, layer.bias, present
    for other, its_codes in ((start, nearest), (end, codes)):
        errors = channel_errors(other, its_codes, judged)
        # Output channels do not depend on each other: each takes the best for itself.
        better = errors < least
        by_channel = better.reshape(-1, *[1] * (nearest.ndim - 1))
        best_codes = np.where(by_channel, its_codes, best_codes)
        best_bias = np.where(better, other.bias, best_bias)
        least = np.minimum(errors, least)
    return Rounding(
        best_codes,
        best_bias,
        error_nearest=float(present.mean()),
        error=float(least.mean()),
        changed=int(np.count_nonzero(best_codes != nearest)),
    )
