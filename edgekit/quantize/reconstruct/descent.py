"""The search of AdaRound: gradient descent on how far each weight is rounded up.

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

_STRETCH, _SHIFT = 1.2, -0.1  # the rectified sigmoid: zeta - gamma and gamma of the paper
_FIXED = -20.0  # a variable whose rectified sigmoid is 0, and its gradient too


@dataclass(frozen=True)
class Settings:
    """How long and how carefully to learn; the defaults suit 4 to 8 bits and 32 images.

    Attributes:
        iterations: mini-batches; None for 80 from 7 bits on, and 600 for fewer, which leave more
            to learn. Of the layers of MobileNetV1 and V2 that were looked at, 300 of 512 positions
            bring down the error by 0.1 to 0.5 % more, and take five times as long.
        batch: output positions in a mini-batch, or fewer: 8 for each weight of an output channel
            are enough, as long as they are 128.
        positions: output positions to draw them from, or fewer: 16 for each weight of an output
            channel are enough, as long as they are 2048.
        patch_values: bound on the values in all positions' patches, each of 4 bytes.
        learning_rate: of Adam.
        regularizer: its weight against the error.
        warm_start: share of the iterations before the regularizer sets in.
        beta: the regularizer's exponent at first and at last.
        fit_bias: whether the bias may change too.
        bias_rate: share of the mean error of a mini-batch by which the bias then moves.
        seed: of the positions and the mini-batches.
    """

    iterations: int | None = None
    batch: int = 256
    positions: int = 8192
    patch_values: int = 1 << 24
    learning_rate: float = 0.2
    regularizer: float = 10.0
    warm_start: float = 0.2
    beta: tuple[float, float] = (20.0, 2.0)
    fit_bias: bool = True
    bias_rate: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        counts = self.iterations or 1, self.batch, self.positions, self.patch_values
        if (
            min(counts) < 1
            or self.iterations == 0
            or not 0 <= self.warm_start < 1
            or min(self.beta) < 1
        ):
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
        return self.iterations or (80 if layer.bits >= 7 else 600)

    def exponent(self, progress: float) -> float | None:
        """Return the regularizer's exponent after a share of the iterations.

        It falls linearly; None during the warm start.
        """
        if progress < self.warm_start:
            return None
        left = (1 - progress) / (1 - self.warm_start)
        return self.beta[1] + (self.beta[0] - self.beta[1]) * left


def descend(layer: Layer, samples: Samples, settings: Settings, rng: np.random.Generator) -> Codes:
    """Return learned codes, int8 of the weight's shape: each one of the two next to its weight."""
    import torch

    with torch.no_grad():
        floor, variable = _start(layer)
        problem = _Problem(layer, samples, floor, settings)
        # Fused: one pass over the weights, not one for each operation.
        adam = torch.optim.Adam([variable], lr=settings.learning_rate, fused=True)
        variable.grad = torch.empty_like(variable)
        iterations = settings.iterations_for(layer)
        for iteration in range(iterations):
            sigmoid = torch.sigmoid(variable)
            up = (sigmoid * _STRETCH).add_(_SHIFT).clamp_(0, 1)
            gradient = problem.gradient(up, int(rng.integers(problem.windows)))
            beta = settings.exponent(iteration / iterations)
            if beta is not None:
                # Of 1 - |2 up - 1| ** beta, which is 0 where a weight is decided.
                side = (2 * up).sub_(1)
                steep = side.abs().pow_(beta - 1).copysign_(side)
                gradient.sub_(steep, alpha=2 * beta * settings.regularizer)
            slope = sigmoid.sub_(sigmoid.square())
            slope.mul_(up.sub_(up.square()).sign_())  # 0 where the sigmoid is rectified
            torch.mul(gradient, slope, out=variable.grad)
            adam.step()
        decided = torch.sigmoid(variable) * _STRETCH + _SHIFT >= 0.5
        codes = (floor + decided).reshape(layer.weight.shape)
    return np.asarray(codes.numpy(), np.int8)


class _Problem:
    """The error of the outputs as a function of how far each weight is rounded up."""

    def __init__(
        self, layer: Layer, samples: Samples, floor: torch.Tensor, settings: Settings
    ) -> None:
        import torch

        self._layer, self._floor = layer, floor
        self._patches = torch.from_numpy(samples.patches)
        self._targets = torch.from_numpy(samples.targets)
        self._scale = torch.from_numpy(layer.grouped_scales)
        self._bias = torch.from_numpy(layer.bias.reshape(layer.groups, 1, -1).copy())
        self._bias_rate = settings.bias_rate if settings.fit_bias else 0.0
        self._batch = min(settings.batch_for(layer), samples.count)
        self._is_clipped = bool(np.isfinite([layer.low, layer.high]).any())
        # A weight's rounding error has the variance scale**2 / 12 and meets inputs of this power.
        power = self._patches.square().mean(dim=(1, 2), keepdim=True)
        unit = (24 / self._batch) / (power * self._scale.transpose(1, 2))
        self._unit = unit.clamp_(max=1e18)  # inputs that are all zero have no error to measure

    @property
    def windows(self) -> int:
        """Number of mini-batches, each so many neighbours among the shuffled positions."""
        return self._patches.shape[1] - self._batch + 1

    def gradient(self, up: torch.Tensor, window: int) -> torch.Tensor:
        """Return the error's gradient for a mini-batch, of the shape of ``up``; move the bias."""
        import torch

        patches = self._patches[:, window : window + self._batch]
        targets = self._targets[:, window : window + self._batch]
        weight = (self._floor + up).mul_(self._scale)
        outputs = _outputs(patches, weight).add_(self._bias)
        if self._is_clipped:
            clipped = outputs.clamp(self._layer.low, self._layer.high)
            free = clipped == outputs
            error = clipped.sub_(targets).mul_(free)
            count = free.sum(dim=1, keepdim=True).clamp_(min=1)
        else:
            error = outputs.sub_(targets)
            count = torch.tensor(self._batch)
        self._bias -= error.sum(dim=1, keepdim=True) / count * self._bias_rate
        return _gradient(error.mul_(self._unit), patches)


def _start(layer: Layer) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the lower code of each weight, and variables that put each where its float is."""
    import torch

    steps, limit = layer.steps, layer.limit
    floor, ceiling = (np.clip(way(steps), -limit, limit) for way in (np.floor, np.ceil))
    part = np.clip((steps - floor - _SHIFT) / _STRETCH, 0.01, 0.99)
    # No choice: a weight that is a code already, or beyond the outermost one.
    variable = np.where(ceiling > floor, np.log(part / (1 - part)), _FIXED)
    return torch.from_numpy(layer.grouped(floor)), torch.from_numpy(layer.grouped(variable))


def _outputs(patches: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return (groups, positions, outputs); with one output a group, sums beat matrix products."""
    if weight.shape[1] == 1:
        return (patches * weight).sum(dim=2, keepdim=True)
    return patches @ weight.transpose(1, 2)


def _gradient(error: torch.Tensor, patches: torch.Tensor) -> torch.Tensor:
    """Return (groups, outputs, inputs), the sum over positions."""
    if error.shape[2] == 1:
        return (error * patches).sum(dim=1, keepdim=True)
    return error.transpose(1, 2) @ patches
