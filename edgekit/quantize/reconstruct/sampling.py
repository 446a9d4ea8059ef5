"""Inputs and outputs of a layer at output positions drawn at random.

A convolution becomes a matrix product over patches, gathered at the drawn positions alone: the
whole map's patches would take nine times the map's memory, and a few thousand positions say as
much about a rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgekit.errors import RefusedError
from edgekit.quantize.reconstruct.layer import Codes, Floats, Layer

Places = npt.NDArray[np.intp]
Images = Sequence[Floats] | Floats
"""An array for each image, of one shape; or one array, the images along its first axis."""

_HELD_OUT = 8  # one image in so many is kept from the learning
_FEW_IMAGES = 4  # with fewer, positions are held out instead
_AMPLE = (
    16  # positions for each weight of an output channel, with which nothing is learned by heart
)


@dataclass(frozen=True, eq=False)
class Samples:
    """Patches and what the layer should make of them.

    Attributes:
        patches: float32 of shape (groups, in / groups * taps, positions).
        targets: float32 of shape (groups, out / groups, positions), clipped as the layer clips.
    """

    patches: Floats
    targets: Floats

    @property
    def count(self) -> int:
        """Number of positions."""
        return int(self.patches.shape[2])

    def piece(self, where: slice) -> Samples:
        """Return what one of the layer's `Layer.pieces` sees and should make of it."""
        if len(self.patches) == 1:
            return Samples(self.patches, np.ascontiguousarray(self.targets[:, where]))
        return Samples(self.patches[where], self.targets[where])


def draw(
    layer: Layer, inputs: Images, targets: Images, positions: int, rng: np.random.Generator
) -> tuple[Samples, list[Samples]]:
    """Draw positions to learn from, and positions to judge by.

    Those to judge by are others, of other images if there are 4. Where those to learn from are
    many for the layer's weights, they judge too: what counts then is to have many.

    Args:
        layer: the layer.
        inputs: each image of shape (in, rows, columns), or (in,) if fully connected.
        targets: outputs before the activation function, each image of shape (out, rows, columns)
            or (out,).
        positions: largest number to learn from; a quarter as many others.
        rng: where randomness comes from.

    Raises:
        ValueError: shapes that do not belong together, or no images.
        RefusedError: a value is NaN or infinite (reason "not-finite").
    """
    maps, wanted = _maps(inputs), _maps(targets)
    _check(layer, maps, wanted)
    images, (_, rows, columns) = len(wanted), wanted[0].shape
    made = []
    chosen = _split(images, rows * columns, rng)
    for places, count in zip(chosen, (positions, positions // 4), strict=True):
        where = np.unravel_index(places[: max(count, 1)], (images, rows, columns))
        made.append(_gather(layer, maps, wanted, *where))
    learned, judged = made
    is_ample = learned.count >= _AMPLE * layer.fan_in
    return learned, [learned, judged] if is_ample else [judged]


def _maps(images: Images) -> list[Floats]:
    return [image if image.ndim == 3 else image[:, None, None] for image in images]


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
    maps: Sequence[Floats],
    wanted: Sequence[Floats],
    image: Places,
    row: Places,
    column: Places,
) -> Samples:
    taps = math.prod(layer.kernel)
    patches = np.zeros((image.size, len(maps[0]), taps), np.float32)
    outputs = np.empty((image.size, len(wanted[0])), np.float32)
    for number in np.unique(image):  # those of one image lie together
        here = np.flatnonzero(image == number)
        outputs[here] = wanted[number][:, row[here], column[here]].T
        _take_patches(layer, maps[number], here, row, column, patches)
    np.clip(outputs, layer.low, layer.high, out=outputs)
    if not (np.isfinite(patches).all() and np.isfinite(outputs).all()):
        raise RefusedError(
            f"the rounding of {layer.name} cannot be learned: its inputs or outputs are NaN or "
            "infinite; look for an overflow or a division by zero before it",
            reason_code="not-finite",
        )
    return Samples(_by_group(patches, layer.groups), _by_group(outputs, layer.groups))


def _take_patches(
    layer: Layer, image: Floats, here: Places, row: Places, column: Places, patches: Floats
) -> None:
    """Fill in the patches of one image, those at ``here``; beyond its border they stay zero."""
    geometry, (height, width) = layer.geometry, image.shape[1:]
    across_taps = layer.kernel[1]
    top = row[here] * geometry.strides[0] - geometry.pads[0]
    left = column[here] * geometry.strides[1] - geometry.pads[1]
    for tap in range(patches.shape[2]):
        at = top + tap // across_taps * geometry.dilations[0]
        across = left + tap % across_taps * geometry.dilations[1]
        inside = (at >= 0) & (at < height) & (across >= 0) & (across < width)
        patches[here[inside], :, tap] = image[:, at[inside], across[inside]].T


def _by_group(values: Floats, groups: int) -> Floats:
    """Turn (positions, channels, ...) into (groups, channels / groups * ..., positions).

    One group is only seen otherwise: matrix products take either order.
    """
    grouped = values.reshape(len(values), groups, -1).transpose(1, 2, 0)
    return grouped if groups == 1 else np.ascontiguousarray(grouped)


def _check(layer: Layer, maps: Sequence[Floats], wanted: Sequence[Floats]) -> None:
    geometry = layer.geometry
    taken = maps[0].shape if maps else ()
    size = tuple(
        (length + geometry.pads[axis] + geometry.pads[axis + 2] - reach * (taps - 1) - 1) // stride
        + 1
        for axis, (length, reach, taps, stride) in enumerate(
            zip(taken[1:], geometry.dilations, layer.kernel, geometry.strides, strict=False)
        )
    )
    fits = taken[:1] == (layer.weight.shape[1] * layer.groups,) and len(maps) == len(wanted)
    fits &= all(image.shape == taken for image in maps)
    fits &= all(image.shape == (layer.outputs, *size) and image.size for image in wanted)
    if not fits:
        raise ValueError(
            f"{layer.name}: {len(maps)} inputs {taken} and {len(wanted)} targets "
            f"{wanted[0].shape if wanted else ()} do not fit its weight {layer.weight.shape} and "
            f"{geometry}"
        )


def outputs_of(layer: Layer, codes: Codes, samples: Samples) -> Floats:
    """Return the layer's outputs with rounded weights, not clipped, of the targets' shape."""
    import torch

    weight = layer.grouped(codes) * layer.grouped_scales
    outputs = torch.matmul(torch.from_numpy(weight), torch.from_numpy(samples.patches)).numpy()
    outputs += layer.bias.reshape(layer.groups, -1, 1)
    return np.asarray(outputs, np.float32)


def channel_errors(
    layer: Layer, codes: Codes, samples: Sequence[Samples]
) -> npt.NDArray[np.float64]:
    """Return each output channel's mean squared error, after clipping, of shape (out,)."""
    total = np.zeros(layer.outputs)
    for part in samples:
        errors = outputs_of(layer, codes, part)
        np.clip(errors, layer.low, layer.high, out=errors)
        errors -= part.targets
        total += np.einsum("gop,gop->go", errors, errors, dtype=np.float64).ravel()
    return np.asarray(total / sum(part.count for part in samples), np.float64)
