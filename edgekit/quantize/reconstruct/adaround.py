"""AdaRound: learn for each weight whether to round it up or down.

Source: Nagel et al., 2020, "Up or Down? Adaptive Rounding for Post-Training Quantization", arXiv
2004.10568. The layer's outputs, after its activation function, are brought close to the float
network's; a rectified sigmoid keeps each weight between its two codes, and a regulariser that is
annealed drives it to one of them.

Each output channel's error is counted in units of what rounding to the nearest costs it, so that
one setting serves layers of any scale. Gradients are written out: with few operations on each
weight, a mini-batch's matrix products are most of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer
from edgekit.quantize.reconstruct.sampling import Samples, draw

if TYPE_CHECKING:
    import torch

_STRETCH, _SHIFT = 1.2, -0.1  # the rectified sigmoid: zeta - gamma and gamma of the paper
_FIXED = -20.0  # a variable whose rectified sigmoid is 0, and its gradient too


@dataclass(frozen=True)
class Settings:
    """How long and how carefully to learn.

    Attributes:
        iterations: mini-batches, at least 1.
        batch: output positions in a mini-batch.
        positions: output positions to draw them from.
        patch_values: bound on the values of all patches, so on memory: 4 bytes each.
        learning_rate: of Adam.
        regulariser: its weight against the error.
        warm_start: share of the iterations before the regulariser sets in.
        beta: its exponent at first and at last.
        seed: of the positions and the mini-batches.
    """

    iterations: int = 600
    batch: int = 512
    positions: int = 8192
    patch_values: int = 1 << 24
    learning_rate: float = 0.2
    regulariser: float = 10.0
    shrink: float = 1.0
    warm_start: float = 0.2
    beta: tuple[float, float] = (20.0, 2.0)
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Rounding:
    """Codes of a layer's weights, and what they are worth.

    Attributes:
        codes: int8 of the weight's shape.
        error_nearest: mean squared error of the outputs after the activation function, at
            positions kept from the learning, with every weight rounded to the nearest.
        error: the same with these codes; never more.
        changed: number of weights that are not rounded to the nearest.
    """

    codes: Codes
    error_nearest: float
    error: float
    changed: int


def learn_rounding(
    layer: Layer, inputs: Floats, targets: Floats, settings: Settings | None = None
) -> Rounding:
    settings = settings or Settings()
    rng = np.random.default_rng(settings.seed)
    width = layer.rows.shape[2] * layer.groups
    positions = max(1, min(settings.positions, settings.patch_values // width))
    learned, judged = draw(layer, inputs, targets, positions, rng)
    nearest = layer.nearest()
    candidate = _learn(layer, learned, settings, rng)
    before = _errors(layer, nearest, judged)
    after = _errors(layer, candidate, judged)
    # Output channels do not depend on each other: each takes the better of its two roundings.
    better = after < before
    chosen = better.reshape(-1, *[1] * (layer.weight.ndim - 1))
    codes = np.where(chosen, candidate, nearest)
    return Rounding(
        codes,
        error_nearest=float(before.mean()),
        error=float(np.minimum(before, after).mean()),
        changed=int((codes != nearest).sum()),
    )


def _learn(layer: Layer, samples: Samples, settings: Settings, rng: np.random.Generator) -> Codes:
    import torch

    steps = layer.steps
    down = np.clip(np.floor(steps), -layer.limit, layer.limit)
    up = np.clip(np.ceil(steps), -layer.limit, layer.limit)
    part = steps - down
    start = np.full(steps.shape, _FIXED)
    free = up > down
    inner = (part[free] - _SHIFT) / _STRETCH
    start[free] = np.log(inner / (1 - inner))

    def grouped(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(layer.grouped(np.ascontiguousarray(values, np.float32)))

    variable = grouped(start)
    floor = grouped(down)
    frac = grouped(part)
    groups, outputs, width = variable.shape
    scale = torch.from_numpy(
        np.broadcast_to(layer.scales, layer.outputs).reshape(groups, outputs, 1).copy()
    )
    bias = None
    if layer.bias is not None:
        bias = torch.from_numpy(layer.bias.reshape(groups, 1, outputs).copy())
    patches, wanted = torch.from_numpy(samples.patches), torch.from_numpy(samples.targets)
    base = torch.from_numpy(
        _errors(layer, layer.nearest(), samples).reshape(groups, 1, outputs).astype(np.float32)
    )
    floor_err = base.mean() * 1e-4 + 1e-30
    weight_of = scale.transpose(1, 2) * width / base.clamp_min(floor_err)
    batch = min(settings.batch, samples.count)
    power = (patches**2).mean(1, keepdim=True)  # G,1,d
    rho = settings.shrink * width / samples.count
    pull = 2 * rho * weight_of.transpose(1, 2) * scale * power  # G,o,d
    variable.grad = torch.zeros_like(variable)
    adam = torch.optim.Adam([variable], lr=settings.learning_rate, fused=True)
    clip = np.isfinite(layer.low) or np.isfinite(layer.high)
    for it in range(settings.iterations):
        s = torch.sigmoid(variable)
        h = (s * _STRETCH + _SHIFT).clamp_(0, 1)
        w = (floor + h) * scale
        at = int(rng.integers(0, samples.count - batch + 1))
        x = patches[:, at : at + batch]
        t = wanted[:, at : at + batch]
        y = product(x, w)
        if bias is not None:
            y += bias
        if clip:
            c = y.clamp(layer.low, layer.high)
            e = (c - t) * (c == y)
        else:
            e = y - t
        e *= weight_of * (2 / batch)
        g = product_t(e, x)
        if rho > 0:
            g += pull * (h - frac)
        progress = (it / settings.iterations - settings.warm_start) / (1 - settings.warm_start)
        if progress >= 0:
            beta = settings.beta[1] + (settings.beta[0] - settings.beta[1]) * (1 - progress)
            m = 2 * h - 1
            g -= m.abs().pow_(beta - 1).copysign_(m) * (2 * beta * settings.regulariser)
        ds = s * (1 - s)
        ds *= (h > 0) & (h < 1)
        g *= ds
        g *= _STRETCH
        variable.grad = g
        adam.step()
    h = (torch.sigmoid(variable) * _STRETCH + _SHIFT).clamp_(0, 1)
    global LAST
    LAST = ((h > 0.05) & (h < 0.95)).float().mean().item()
    codes = floor + (h >= 0.5)
    return codes.numpy().reshape(layer.weight.shape).astype(np.int8)


def product(x, w):
    if w.shape[1] == 1:
        return (x * w).sum(2, keepdim=True)
    return x @ w.transpose(1, 2)


def product_t(e, x):
    if e.shape[2] == 1:
        return (e * x).sum(1, keepdim=True)
    return e.transpose(1, 2) @ x


def _errors(layer: Layer, codes: Codes, samples: Samples) -> np.ndarray:
    """Return the mean squared error of each output channel, float64 of shape (out,)."""
    weight = layer.grouped(codes.astype(np.float32))
    scales = np.broadcast_to(layer.scales, layer.outputs).reshape(layer.groups, -1, 1)
    outputs = samples.patches @ (weight * scales).transpose(0, 2, 1)
    if layer.bias is not None:
        outputs += layer.bias.reshape(layer.groups, 1, -1)
    difference = np.clip(outputs, layer.low, layer.high) - samples.targets
    return np.square(difference, dtype=np.float64).mean(1).ravel()
