"""The inputs on which a file is compared with its source: seeded, so the same every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.data import synthetic
from edgekit.export.graph import nodes as g
from edgekit.export.parity import Arrays
from edgekit.export.sources import input_bounds
from edgekit.export.sources.input_bounds import Kind
from edgekit.models import Preprocessing

PARITY_INPUTS = 4

_Draw: TypeAlias = Callable[[np.random.Generator, Sequence[int]], np.ndarray]

_RANGES: tuple[_Draw, ...] = (
    lambda generator, shape: generator.standard_normal(shape),
    lambda generator, shape: generator.uniform(0, 1, shape),
    lambda generator, shape: generator.standard_normal(shape) * 100,
    lambda generator, shape: generator.uniform(0, 255, shape),
    lambda generator, shape: generator.standard_normal(shape) * 0.01,
)
"""Networks bend at numbers that only some of these reach: bounds, thresholds, saturation."""

_SHORT_OF = 1e-3  # float32 must not round the last index up
_MEETS = 0.7  # the share of integers that meet a number which the graph compares with


def images(name: str, shape: tuple[int, ...], preprocessing: Preprocessing) -> tuple[Arrays, ...]:
    """Return synthetic images through a network's own preprocessing.

    Noise would drive an untrained network into ranges where float32 itself has few digits left.

    Args:
        name: the input's name.
        shape: (N, 3, H, W).
        preprocessing: what the network wants done to pixels.

    Returns:
        `PARITY_INPUTS` sets, float32, each of ``shape``.
    """
    arrays = preprocessing.apply(_synthetic(shape)).reshape(PARITY_INPUTS, *shape)
    return tuple({name: array} for array in arrays)


def images_of_graph(model: ir.Model, preprocessing: Preprocessing) -> tuple[Arrays, ...]:
    """Return `images` for a canonical graph of one input, in the input's own type."""
    (value,) = model.graph.inputs
    dtype = np.dtype(input_bounds.kind_of(value).dtype)
    fed = images(str(value.name), g.shape_of(value), preprocessing)
    return tuple({name: np.asarray(array, dtype) for name, array in each.items()} for each in fed)


def pixels(name: str, shape: tuple[int, ...]) -> tuple[Arrays, ...]:
    """Return the pixels of the same images, uint8 red, green and blue of ``shape`` (NCHW)."""
    arrays = _synthetic(shape).transpose(0, 3, 1, 2).reshape(PARITY_INPUTS, *shape)
    return tuple({name: np.ascontiguousarray(array)} for array in arrays)


def _synthetic(shape: tuple[int, ...]) -> np.ndarray:
    batch, _, height, width = shape
    return synthetic.images(PARITY_INPUTS * batch, height, width, seed=1)


def ranges(shapes: Mapping[str, tuple[int, ...]]) -> tuple[Arrays, ...]:
    """Return one set of float32 inputs for each of several ranges, by input name."""
    generator = np.random.default_rng(1)
    return tuple(
        {name: _float32(draw(generator, shape)) for name, shape in shapes.items()}
        for draw in _RANGES
    )


def of_graph(model: ir.Model) -> tuple[Arrays, ...]:
    """Return sets of inputs for a canonical graph, each input of its own type.

    Floats come from several ranges; integers, and what becomes an index, stay within what the
    graph can take (see `edgekit.export.sources.input_bounds`); truth values are drawn.
    """
    generator = np.random.default_rng(1)
    return tuple(
        {
            str(value.name): _drawn(input_bounds.kind_of(value), g.shape_of(value), draw, generator)
            for value in model.graph.inputs
        }
        for draw in _RANGES
    )


def with_small_integers(feeds: Sequence[Arrays]) -> tuple[Arrays, ...]:
    """Return the sets with every integer made 0 or 1: what it becomes may index something."""
    return tuple(
        {name: array % 2 if array.dtype.kind in "iu" else array for name, array in feed.items()}
        for feed in feeds
    )


def normal(kind: Kind, shape: Sequence[int], generator: np.random.Generator) -> np.ndarray:
    """Return normal noise for an input, or what comes nearest to it: see `of_graph`."""
    return _drawn(kind, shape, _RANGES[0], generator)


def _drawn(
    kind: Kind, shape: Sequence[int], draw: _Draw, generator: np.random.Generator
) -> np.ndarray:
    dtype, bounds = np.dtype(kind.dtype), kind.bounds
    if dtype.kind == "b":
        return np.asarray(generator.integers(0, 2, shape), dtype=bool)
    if bounds.below is None:
        return _float32(draw(generator, shape))
    if dtype.kind == "f":
        return _float32(generator.uniform(0, bounds.below - _SHORT_OF, shape))
    drawn = np.asarray(generator.integers(bounds.least, bounds.below, shape))
    if bounds.met:
        chosen = generator.choice(bounds.met, shape)
        drawn = np.where(generator.random(shape) < _MEETS, chosen, drawn)
    return np.asarray(drawn, dtype=dtype)


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
