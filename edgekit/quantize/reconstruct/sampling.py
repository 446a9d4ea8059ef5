"""Inputs and outputs of a layer at output positions drawn at random.

A convolution becomes a matrix product over patches, gathered at the drawn positions alone: the
whole map's patches would take nine times the map's memory, and a few thousand positions say as
much about a rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.errors import RefusedError
from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer

Places = npt.NDArray[np.intp]

_HELD_OUT = 8  # one image in so many is kept from the learning
_FEW_IMAGES = 4  # with fewer, positions are held out instead
_AMPLE = (
    16  # positions for each weight of an output channel, with which nothing is learned by heart
)


@dataclass(frozen=True, eq=False)
class Samples:
    """Patches and what the layer should make of them.

    Attributes:
        patches: float32 of shape (groups, positions, in / groups * taps).
        targets: float32 of shape (groups, positions, out / groups), clipped as the layer clips.
    """

    patches: Floats
    targets: Floats

    @property
    def count(self) -> int:
        """Number of positions."""
        return int(self.patches.shape[1])

    def plus(self, other: Samples) -> Samples:
        """Return the positions of both."""
        return Samples(
            np.concatenate([self.patches, other.patches], axis=1),
            np.concatenate([self.targets, other.targets], axis=1),
        )


def draw(
    layer: Layer, inputs: Floats, targets: Floats, positions: int, rng: np.random.Generator
) -> tuple[Samples, Samples]:
    """Draw positions to learn from, and positions to judge by.

    Those to judge by are others, of other images if there are 4. Where those to learn from are
    many for the layer's weights, they judge too: what counts then is to have many.

    Args:
        layer: the layer.
        inputs: of shape (images, in, rows, columns), or (images, in) if fully connected.
        targets: outputs before the activation function, of shape (images, out, rows, columns)
            or (images, out).
        positions: largest number to learn from; a quarter as many others.
        rng: where randomness comes from.

    Raises:
        ValueError: shapes that do not belong together, or no images.
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    maps = inputs if inputs.ndim == 4 else inputs[:, :, None, None]
    wanted = targets if targets.ndim == 4 else targets[:, :, None, None]
    _check(layer, maps, wanted)
    images, _, rows, columns = wanted.shape
    made = []
    chosen = _split(images, rows * columns, rng)
    for places, count in zip(chosen, (positions, positions // 4), strict=True):
        where = np.unravel_index(places[: max(count, 1)], (images, rows, columns))
        made.append(_gather(layer, maps, wanted, *where))
    learned, judged = made
    is_ample = learned.count >= _AMPLE * layer.fan_in
    return learned, learned.plus(judged) if is_ample else judged


def _split(images: int, pixels: int, rng: np.random.Generator) -> tuple[Places, Places]:
    """Return shuffled positions, counted over all images, to learn from and to judge by."""
    if images >= _FEW_IMAGES:
        order = rng.permutation(images)
        held_out = max(1, round(images / _HELD_OUT))
        judged, learned = (
            rng.permutation((part[:, None] * pixels + np.arange(pixels)).ravel())
            for part in (order[:held_out], order[held_out:])
        )
    else:
        every = rng.permutation(images * pixels)
        held_out = every.size // _HELD_OUT
        judged, learned = every[:held_out], every[held_out:]
    # So few that none could be held out.
    return learned, judged if judged.size else learned


def _gather(
    layer: Layer,
    maps: Floats,
    wanted: Floats,
    image: Places,
    row: Places,
    column: Places,
) -> Samples:
    geometry, (taps_down, taps_across) = layer.geometry, layer.kernel
    channels, height, width = maps.shape[1:]
    patches = np.zeros((image.size, channels, taps_down * taps_across), np.float32)
    for tap in range(taps_down * taps_across):
        at = row * geometry.strides[0] - geometry.pads[0]
        at += tap // taps_across * geometry.dilations[0]
        across = column * geometry.strides[1] - geometry.pads[1]
        across += tap % taps_across * geometry.dilations[1]
        inside = (at >= 0) & (at < height) & (across >= 0) & (across < width)
        patches[inside, :, tap] = maps[image[inside], :, at[inside], across[inside]]
    outputs = np.clip(wanted[image, :, row, column], layer.low, layer.high).astype(np.float32)
    if not (np.isfinite(patches).all() and np.isfinite(outputs).all()):
        raise RefusedError(
            f"the rounding of {layer.name} cannot be learned: its inputs or outputs are NaN or "
            "infinite; look for an overflow or a division by zero before it",
            reason_code="not-finite",
        )
    return Samples(_by_group(patches, layer.groups), _by_group(outputs, layer.groups))


def _by_group(values: Floats, groups: int) -> Floats:
    """Turn (positions, channels, ...) into (groups, positions, channels / groups * ...)."""
    grouped = values.reshape(len(values), groups, -1).transpose(1, 0, 2)
    return np.ascontiguousarray(grouped)


def _check(layer: Layer, maps: Floats, wanted: Floats) -> None:
    geometry = layer.geometry
    channels = layer.weight.shape[1] * layer.groups
    size = tuple(
        (length + geometry.pads[axis] + geometry.pads[axis + 2] - reach * (taps - 1) - 1) // stride
        + 1
        for axis, (length, reach, taps, stride) in enumerate(
            zip(maps.shape[2:], geometry.dilations, layer.kernel, geometry.strides, strict=True)
        )
    )
    expected = (len(maps), layer.outputs, *size)
    if maps.shape[1] != channels or wanted.shape != expected or not wanted.size:
        raise ValueError(
            f"{layer.name}: inputs {maps.shape} and targets {wanted.shape} do not fit its "
            f"weight {layer.weight.shape} and {geometry}"
        )


def outputs_of(layer: Layer, codes: Codes, samples: Samples) -> Floats:
    """Return the layer's outputs with rounded weights, not clipped, of the targets' shape."""
    weight = layer.grouped(codes) * layer.grouped_scales
    outputs = samples.patches @ weight.transpose(0, 2, 1)
    outputs += layer.bias.reshape(layer.groups, 1, -1)
    return np.asarray(outputs, np.float32)


def channel_errors(layer: Layer, codes: Codes, samples: Samples) -> npt.NDArray[np.float64]:
    """Return each output channel's mean squared error, after clipping, of shape (out,)."""
    clipped = np.clip(outputs_of(layer, codes, samples), layer.low, layer.high)
    squares = np.square(clipped - samples.targets, dtype=np.float64)
    return np.asarray(squares.mean(axis=1).ravel(), np.float64)
