"""Weights for a network that nobody trained, such that its activations stay in sane ranges.

Measurements of speed, parity and quantization need a network whose activations neither explode
nor die, and the same network on every machine:

- Weights are uniform draws, which are exact on every processor, with variance 2 / fan-in for
  convolutions and 1 / fan-in for fully connected layers. Batch norm scales by 1, or by 1/4 where
  it ends a residual branch, and shifts by 0.
- Layer after layer, each on the output of the calibrated layers before it, batch norm gets its
  statistics from synthetic images, and a fully connected layer a bias that centres its outputs
  and a power of two that brings them to a standard deviation of about 1. So logits tell images
  apart, as trained ones do.
- This runs in float64 on one thread, and what it measures is rounded to ten bits. Differences
  between processors are far smaller than that and vanish.

What "sane" means is measured by ``activation_range`` on images that calibration has not seen.
For every network of the registry, seed 0: the output of each batch norm, activation and join
has a standard deviation between 0.05 and 3, at most 0.1 % of all channels are constant, and
the logits of a class have a standard deviation over the images of at least 0.1 on average.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from edgekit.data import synthetic
from edgekit.models.layers.dynamic_shift_max import DynamicShiftMax
from edgekit.models.layers.join import Residual
from edgekit.models.spec import ModelSpec

# Calibration sees as many images as this many MACs pay for, within the two bounds. The small
# networks need the most: MicroNet normalizes vectors, one value per image.
_MACS = 6_000_000_000
_FEWEST, _MOST = 8, 32

_BITS = 10  # kept of a measured statistic

# A variance is at least this share of its layer's mean variance: a channel that hardly moves
# on the calibration images must not be blown up on others.
_VARIANCE_FLOOR = 1e-2

# Of the last batch norm in a residual branch. With 1, what a strong image adds in each of 54
# branches grows from one to the next.
_BRANCH_GAIN = 0.25

# Dynamic shift-max multiplies a map by coefficients computed from that map. Twenty in a row
# run away on a strong image unless the coefficients follow it weakly, so their variety comes
# from the biases. Both are in units of the hard sigmoid's input, which saturates at 3.
_COEFFICIENT_DEVIATION = 1 / 64
_COEFFICIENT_BIAS = 1.5


def initialize(spec: ModelSpec, seed: int = 0) -> nn.Module:
    """Build the network of ``spec`` with seeded weights and calibrated batch norm.

    The result depends on ``spec`` and ``seed`` only, to the last bit: not on the processor, on
    the number of threads, or on torch's global random state, which is left untouched.

    Args:
        spec: which network.
        seed: a non-negative integer.

    Returns:
        the network on the CPU: float32, in evaluation mode, without gradients. It maps float32
        (N, 3, H, W) to logits (N, classes).
    """
    with torch.random.fork_rng(devices=[]):
        module = spec.build()
    side = spec.preprocessing.crop
    count = min(max(_MACS // spec.macs, _FEWEST), _MOST)
    images = spec.preprocessing.apply(synthetic.images(count, side, side, seed))
    return initialize_into(module, torch.from_numpy(images), seed)


def initialize_into(module: nn.Module, images: Tensor, seed: int = 0) -> nn.Module:
    """Give a network of any origin seeded weights and calibrated batch norm, as `initialize` does.

    What is neither convolution, fully connected layer nor batch norm keeps what it has.

    Args:
        module: the network, changed in place.
        images: float32, what it takes; the batch norm statistics come from them.
        seed: a non-negative integer.

    Returns:
        the module in evaluation mode, without gradients.
    """
    module.requires_grad_(False).eval()
    _draw(module, torch.Generator().manual_seed(seed))
    with _one_thread():
        _calibrate(module, images)
    return module


def _draw(module: nn.Module, generator: torch.Generator) -> None:
    """Fill weights and biases, in the order of the modules."""

    def fill(parameter: Tensor, bound: float) -> None:
        draws = torch.rand(parameter.shape, generator=generator)
        parameter.copy_((draws * 2.0 - 1.0) * bound)

    for layer in module.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            gain = 2.0 if isinstance(layer, nn.Conv2d) else 1.0
            fill(layer.weight, math.sqrt(3.0 * gain / layer.weight[0].numel()))
            if layer.bias is not None:
                layer.bias.zero_()
    for layer in module.modules():
        if isinstance(layer, DynamicShiftMax):
            fill(layer.excite.bias, _COEFFICIENT_BIAS)
        elif isinstance(layer, Residual):
            norms = [part for part in layer.branch.modules() if isinstance(part, nn.BatchNorm2d)]
            norms[-1].weight.fill_(_BRANCH_GAIN)


def _calibrate(module: nn.Module, images: Tensor) -> None:
    """Run ``images`` through, settling each layer before its output is used."""
    weak = {layer.excite for layer in module.modules() if isinstance(layer, DynamicShiftMax)}
    handles = []
    for layer in module.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            handles.append(layer.register_forward_pre_hook(_measure_batch_norm))
        elif isinstance(layer, nn.Linear):
            target = _COEFFICIENT_DEVIATION if layer in weak else 1.0
            handles.append(layer.register_forward_hook(partial(_centre_linear, target)))
    module.double()
    with torch.no_grad():
        module(images.double())
    module.float()
    for handle in handles:
        handle.remove()


def _measure_batch_norm(layer: nn.Module, inputs: tuple[Tensor]) -> None:
    """Set the running statistics to those of ``inputs``, per channel."""
    values = inputs[0].transpose(0, 1).flatten(1)
    variance = values.var(dim=1)
    variance = _rounded(variance.clamp(min=_VARIANCE_FLOOR * float(variance.mean())))
    # A mean near 0 has no leading bits to trust: it is rounded in steps of the deviation.
    step = torch.ldexp(torch.ones_like(variance), torch.frexp(variance.sqrt()).exponent - _BITS)
    layer.get_buffer("running_var").copy_(variance)
    layer.get_buffer("running_mean").copy_(torch.round(values.mean(dim=1) / step) * step)


def _centre_linear(
    target: float, layer: nn.Linear, _inputs: tuple[Tensor], output: Tensor
) -> Tensor:
    """Set scale and bias; return the output that they give.

    The products of weight and input get a deviation near ``target`` over the images and, by
    the bias, a mean of 0 for each output. The bias drawn before comes on top.
    """
    bias = cast("Tensor | None", layer.bias)  # torch's types forget that there may be none
    products = output if bias is None else output - bias
    mean = products.flatten(0, -2).mean(dim=0)
    deviation = float((products - mean).std())
    factor = 2.0 ** round(math.log2(target / deviation)) if deviation > 0 else 1.0
    step = target * 2.0**-_BITS
    layer.weight.mul_(factor)
    if bias is None:
        return products * factor
    bias.sub_(torch.round(mean * factor / step) * step)
    return products * factor + bias


def _rounded(values: Tensor) -> Tensor:
    """``values`` with the leading bits of their mantissas only."""
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2.0**_BITS), exponent - _BITS)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run the block on one thread, then go back to the caller's number."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
