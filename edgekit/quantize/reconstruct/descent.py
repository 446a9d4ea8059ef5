"""The search of AdaRound: gradient descent on how far each weight is rounded up.

A weight's variable is its place between its two codes, from -1/2 to 1/2, and stays within them: the
paper's rectified sigmoid of a free variable does the same with more arithmetic.
The regularizer drives every variable away from 0.

Gradients are written out, so that a mini-batch's two matrix products are most of the work. The
error is counted in units of a rounding error's usual size, and the regularizer with it, so that
one setting serves layers of any scale and width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgekit.quantize.reconstruct.layer import Codes, Layer
from edgekit.quantize.reconstruct.sampling import Samples

if TYPE_CHECKING:
    import torch

_MOMENTS = (0.9, 0.999)  # of Adam
_SMALLEST = 1e-8  # a deviation of gradients, for Adam


@dataclass(frozen=True)
class Settings:
    """How long and how carefully to learn; the defaults suit 4 to 8 bits and 16 images.

    Attributes:
        iterations: mini-batches; None for 80 from 7 bits on, and 300 for fewer, which leave more
            to learn.
        batch: output positions in a mini-batch, or fewer: 8 for each weight of an output channel
            are enough, as long as they are 128.
        positions: output positions to draw them from, or fewer: 16 for each weight of an output
            channel are enough, as long as they are 2048.
        patch_values: bound on the values in all positions' patches, each of 4 bytes.
        learning_rate: of Adam.
        regularizer: its weight against the error in the end.
        warm_start: share of the iterations before the regularizer sets in, and grows.
        fit_bias: whether the bias may change too.
        bias_rate: share of the mean error of a mini-batch by which the bias then moves.
        seed: of the positions and the mini-batches.
    """

    iterations: int | None = None
    batch: int = 256
    positions: int = 8192
    patch_values: int = 1 << 24
    learning_rate: float = 0.1
    regularizer: float = 20.0
    warm_start: float = 0.2
    fit_bias: bool = True
    bias_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        counts = self.iterations or 1, self.batch, self.positions, self.patch_values
        if min(counts) < 1 or self.iterations == 0 or not 0 <= self.warm_start < 1:
            raise ValueError(f"{self} cannot be learned with")

    def positions_for(self, layer: Layer) -> int:
        """Return how many positions of a layer to draw."""
        enough = max(2048, 16 * layer.fan_in)
        most = self.patch_values // (layer.fan_in * layer.groups)
        return max(1, min(self.positions, enough, most))

    def batch_for(self, layer: Layer) -> int:
        """Return how many positions of a layer to put into a mini-batch."""
        return min(self.batch, max(128, 8 * layer.fan_in))

    def iterations_for(self, layer: Layer) -> int:
        """Return how many mini-batches a layer learns from."""
        return self.iterations or (80 if layer.bits >= 7 else 300)

    def pull(self, progress: float) -> float:
        """Return the regularizer's weight after a share of the iterations."""
        return self.regularizer * max(0.0, (progress - self.warm_start) / (1 - self.warm_start))


def descend(layer: Layer, samples: Samples, settings: Settings, rng: np.random.Generator) -> Codes:
    """Return learned codes, int8 of the weight's shape: each one of the two next to its weight."""
    import torch

    with torch.no_grad():
        problem = _Problem(layer, samples, settings)
        place = problem.start()
        moment, square = torch.zeros_like(place), torch.zeros_like(place)
        iterations = settings.iterations_for(layer)
        for iteration in range(iterations):
            gradient = problem.gradient(place, int(rng.integers(problem.windows)))
            gradient.sub_(place, alpha=settings.pull(iteration / iterations))
            moment.lerp_(gradient, 1 - _MOMENTS[0])
            square.mul_(_MOMENTS[1]).addcmul_(gradient, gradient, value=1 - _MOMENTS[1])
            unbiased = [1 - share ** (iteration + 1) for share in _MOMENTS]
            torch.sqrt(square, out=gradient)
            gradient.mul_(unbiased[1] ** -0.5).add_(_SMALLEST)
            place.addcdiv_(moment, gradient, value=-settings.learning_rate / unbiased[0])
            place.clamp_(-0.5, 0.5)
        return problem.codes(place)


class _Problem:
    """The error of the outputs as a function of each weight's place between its codes."""

    def __init__(self, layer: Layer, samples: Samples, settings: Settings) -> None:
        import torch

        self._layer = layer
        self._patches = torch.from_numpy(samples.patches)
        self._targets = torch.from_numpy(samples.targets)
        self._low, self._high = (
            np.clip(way(layer.steps), -layer.limit, layer.limit) for way in (np.floor, np.ceil)
        )
        self._middle = layer.grouped((self._low + self._high) / 2)
        scale = torch.from_numpy(layer.grouped_scales)
        # No choice: a weight that is a code already, or beyond the outermost one.
        self._width = torch.from_numpy(layer.grouped(self._high - self._low)).mul_(scale)
        self._center = torch.from_numpy(self._middle).mul(scale)
        self._bias = torch.from_numpy(layer.bias.reshape(layer.groups, -1, 1).copy())
        self._bias_rate = settings.bias_rate if settings.fit_bias else 0.0
        self._batch = min(settings.batch_for(layer), samples.count)
        # A weight's rounding error has the variance scale**2 / 12 and meets inputs of this power.
        power = self._patches.square().mean(dim=(1, 2), keepdim=True)
        unit = 24 / (power * scale)
        self._unit = unit.clamp_(max=1e18)  # inputs that are all zero have no error to measure

    def start(self) -> torch.Tensor:
        """Return the places where the weights are, of shape (groups, outputs, inputs)."""
        import torch

        steps = np.clip(self._layer.steps, self._low, self._high)
        return torch.from_numpy(self._layer.grouped(steps) - self._middle)

    def codes(self, place: torch.Tensor) -> Codes:
        """Return the codes that are nearest to the places."""
        is_up = (place >= 0).numpy().reshape(self._layer.weight.shape)
        return np.where(is_up, self._high, self._low).astype(np.int8)

    @property
    def windows(self) -> int:
        """Number of mini-batches, each so many neighbours among the shuffled positions."""
        return self._patches.shape[2] - self._batch + 1

    def gradient(self, place: torch.Tensor, window: int) -> torch.Tensor:
        """Return the gradient of a mini-batch's error, of the shape of ``place``; move the bias."""
        import torch

        patches = self._patches[:, :, window : window + self._batch]
        targets = self._targets[:, :, window : window + self._batch]
        weight = torch.addcmul(self._center, place, self._width)
        outputs = torch.matmul(weight, patches).add_(self._bias)
        if self._layer.is_clipped:
            clipped = outputs.clamp(self._layer.low, self._layer.high)
            free = clipped == outputs
            error = clipped.sub_(targets).mul_(free)
            # A channel with few positions that count is to be heard above its regularizer.
            count = free.sum(dim=2, keepdim=True).clamp_(min=max(1, self._batch // 8))
        else:
            error = outputs.sub_(targets)
            count = torch.tensor(self._batch)
        self._bias -= error.sum(dim=2, keepdim=True) / count * self._bias_rate
        return torch.matmul(error.mul_(self._unit / count), patches.transpose(1, 2))
