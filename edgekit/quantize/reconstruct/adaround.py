"""AdaRound: learn for each weight whether to round it up or down.

Source: Nagel et al., 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization", arXiv
2004.10568. The layer's outputs, after its activation function, are brought close to the float
network's; each weight is kept between its two codes, and a regularizer that grows drives it to one
of them. Beyond the paper, the bias follows the rounding.

Output channels do not depend on each other, so that pieces of a layer are learned side by side,
each by one thread: threads that share a matrix product wait for each other at every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.quantize.reconstruct.bias import fitted
from edgekit.quantize.reconstruct.descent import Settings, descend
from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer
from edgekit.quantize.reconstruct.sampling import Images, Samples, channel_errors, draw
from edgekit.quantize.running import parallel


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
        The same every time, whatever the number of threads.

    Raises:
        ValueError: shapes that do not belong together, or no images.
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    settings = settings or Settings()
    learned, judged = draw(
        layer, inputs, targets, settings.positions_for(layer), np.random.default_rng(settings.seed)
    )

    def of_piece(where: slice) -> _Piece:
        seen = [samples.piece(where) for samples in judged]
        return _learned(layer.piece(where), learned.piece(where), seen, settings)

    with _one_thread_each():
        pieces = list(parallel.in_order(of_piece, layer.pieces))
    codes = np.concatenate([piece.codes for piece in pieces])
    return Rounding(
        codes,
        np.concatenate([piece.bias for piece in pieces]),
        error_nearest=float(np.concatenate([piece.errors_nearest for piece in pieces]).mean()),
        error=float(np.concatenate([piece.errors for piece in pieces]).mean()),
        changed=int(np.count_nonzero(codes != layer.nearest())),
    )


@dataclass(frozen=True, eq=False)
class _Piece:
    codes: Codes
    bias: Floats
    errors_nearest: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]


def _learned(
    layer: Layer, learned: Samples, judged: Sequence[Samples], settings: Settings
) -> _Piece:
    """Learn a piece of a layer; each output channel takes what is best for itself."""
    nearest = layer.nearest()
    start = fitted(layer, nearest, learned) if settings.fit_bias else layer
    codes = descend(start, learned, settings, np.random.default_rng(settings.seed))
    end = fitted(start, codes, learned) if settings.fit_bias else layer

    present = channel_errors(layer, nearest, judged)
    best_codes, best_bias, least = nearest, layer.bias, present
    for other, its_codes in ((start, nearest), (end, codes)):
        errors = channel_errors(other, its_codes, judged)
        better = errors < least
        by_channel = better.reshape(-1, *[1] * (nearest.ndim - 1))
        best_codes = np.where(by_channel, its_codes, best_codes)
        best_bias = np.where(better, other.bias, best_bias)
        least = np.minimum(errors, least)
    return _Piece(best_codes, best_bias, present, least)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let each thread that calls torch compute on itself alone."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(usual)
