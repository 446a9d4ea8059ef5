"""Two open questions on ShiftNet, asked of weights that come with edgekit.

Are channels that are shifted the same way alike, and which directions do the next 1x1 convolutions
use?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgekit import models
from edgekit.data import SyntheticImages
from edgekit.errors import EnvironmentMissingError, RefusedError
from edgekit.files.documents import Document
from edgekit.study.claims import training

if TYPE_CHECKING:
    from torch import Tensor, nn

    from edgekit.models.layers.shift import Shift

NETWORK = "shiftresnet20-e3"
_IMAGES = 256


@dataclass(frozen=True)
class Direction:
    """What one direction contributes to the next convolutions.

    Attributes:
        dy: rows from where a pixel is read.
        dx: columns from where it is read.
        channels: channels that are shifted so, in all layers.
        weight_share: their part of the squared weights of the next 1x1 convolutions.
        energy_share: their part of the squared weights times the mean square of what they weigh.
    """

    dy: int
    dx: int
    channels: int
    weight_share: float
    energy_share: float


@dataclass(frozen=True)
class ShiftLayer:
    """How alike the channels of one layer are, before they are shifted.

    Attributes:
        name: the layer's.
        channels: its number of channels.
        same: mean absolute correlation of pairs of channels that are shifted the same way.
        different: the same of pairs that are shifted in different ways.
    """

    name: str
    channels: int
    same: float
    different: float


@dataclass(frozen=True)
class ShiftAnalysis(Document):
    """What was found of one network's shifts.

    Attributes:
        network: its name.
        images: what was shown to it.
        layers: one entry a shift.
        directions: one entry a direction, over all layers.
    """

    schema = "edgekit.shift-analysis"
    schema_version = 1

    network: str
    images: str
    layers: tuple[ShiftLayer, ...]
    directions: tuple[Direction, ...]


def analyze(network: str = NETWORK, data: Path | None = None) -> ShiftAnalysis:
    """Show images to a network and compare its shifted channels.

    Args:
        network: a registered network with shifts whose weights come with edgekit.
        data: folder of data sets; without CIFAR-10 in it the images are synthetic.

    Raises:
        UnknownNameError: no network is called that.
        RefusedError: it has no shifts, or no weights come with it.
    """
    import torch

    spec = models.get(network)
    if spec.trained is None:
        raise RefusedError(
            f"{spec.name} comes without weights, and of random ones there is nothing to learn: "
            f"take {NETWORK}",
            reason_code="untrained",
        )
    module = models.obtain(spec).module.eval()
    followed = list(_followed(module))
    if not followed:
        raise RefusedError(f"{spec.name} has no shifts", reason_code="no-shifts")
    pixels, description = _images(data, spec.input_shape[2])
    maps: dict[nn.Module, Tensor] = {}
    for _, shift, _ in followed:
        shift.register_forward_pre_hook(
            lambda layer, inputs: maps.__setitem__(layer, inputs[0].detach())
        )
    with torch.inference_mode():
        module(torch.from_numpy(spec.preprocessing.apply(pixels)))
    layers = []
    totals: dict[tuple[int, int], NDArray[np.float64]] = {}
    for name, shift, weights in followed:
        values = maps[shift].transpose(0, 1).flatten(1).double().numpy()
        offsets = _offsets(shift)
        layers.append(_alike(name, values, offsets))
        squared = np.square(weights.detach().double().numpy()).sum(axis=(0, 2, 3))
        energy = squared * np.square(values).mean(axis=1)
        for offset, weight, power in zip(
            offsets, squared / squared.sum(), energy / energy.sum(), strict=True
        ):
            totals[offset] = totals.get(offset, np.zeros(3)) + np.array([1.0, weight, power])
    count = len(followed)
    directions = [
        Direction(*offset, int(found[0]), float(found[1]) / count, float(found[2]) / count)
        for offset, found in sorted(totals.items())
    ]
    return ShiftAnalysis(spec.name, description, tuple(layers), tuple(directions))


def _followed(module: nn.Module) -> Iterator[tuple[str, Shift, Tensor]]:
    """Yield each shift with its name and the weights of the 1x1 convolution behind it."""
    from torch import nn

    from edgekit.models.layers import Shift

    wanted = [
        (name, each)
        for name, each in module.named_modules()
        if isinstance(each, (Shift, nn.Conv2d))
    ]
    for (name, first), (_, second) in pairwise(wanted):
        if isinstance(first, Shift) and isinstance(second, nn.Conv2d):
            yield name, first, second.weight


def _offsets(shift: Shift) -> list[tuple[int, int]]:
    """Read from where each channel takes its pixels."""
    found = []
    for kernel in shift.kernels[:, 0].numpy():
        row, column = np.argwhere(kernel)[0]
        found.append((int(row) - shift.kernel // 2, int(column) - shift.kernel // 2))
    return found


def _alike(name: str, values: NDArray[np.float64], offsets: list[tuple[int, int]]) -> ShiftLayer:
    living = np.flatnonzero(values.std(axis=1) > 0)  # a channel that ReLU keeps at 0 is like none
    correlations = np.abs(np.corrcoef(values[living]))
    ways = np.array([offsets.index(offsets[channel]) for channel in living])
    pairs = np.triu(np.ones_like(correlations, bool), 1)
    same = ways[:, np.newaxis] == ways
    return ShiftLayer(
        name,
        len(offsets),
        float(correlations[pairs & same].mean()),
        float(correlations[pairs & ~same].mean()),
    )


def _images(data: Path | None, side: int) -> tuple[NDArray[np.uint8], str]:
    """Return uint8 images (N, side, side, 3), and what they are."""
    try:
        found = training.cifar10(data).limited(1, _IMAGES)
    except EnvironmentMissingError:
        drawn = SyntheticImages(_IMAGES, side)
        return np.stack([drawn.pixels(number) for number in range(_IMAGES)]), drawn.description
    return found.test, f"{len(found.test)} test images of {found.description}"
