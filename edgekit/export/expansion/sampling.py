"""Values between pixels: which rows of a flattened map are read, and how they are weighed.

Places are counted in float32, which holds them exactly below 2^24 pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


@dataclass(frozen=True)
class Tap:
    """What is read along one dimension.

    Attributes:
        index: whole numbers, float32.
        weight: of what is read there; None for one.
    """

    index: ir.Value
    weight: ir.Value | None


def column(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as a column of float32."""
    return numbers.astype(np.float32).reshape(-1, 1)


def linear_taps(build: Building, place: ir.Value) -> list[Tap]:
    """Return the two neighbours of each place along one dimension."""
    low = build.apply("Floor", place)
    high = build.apply("Add", low, 1.0)
    above, below = build.apply("Sub", place, low), build.apply("Sub", high, place)
    return [Tap(low, below), Tap(high, above)]


def clamped(build: Building, tap: Tap, size: int) -> Tap:
    """Return a tap that reads the outermost pixel in place of one outside."""
    return Tap(build.apply("Clip", tap.index, 0.0, float(size - 1)), tap.weight)


def within(build: Building, tap: Tap, size: int) -> Tap:
    """Return a tap that weighs nothing outside."""
    inside = clamped(build, tap, size).index
    distance = build.apply("Abs", build.apply("Sub", tap.index, inside))
    share = build.apply("Sub", build.constant(1.0), build.apply("Clip", distance, 0.0, 1.0))
    return Tap(inside, share if tap.weight is None else build.apply("Mul", tap.weight, share))


def gathered(
    build: Building,
    rows: ir.Value,
    taps: Sequence[Sequence[Tap]],
    sizes: Sequence[int],
    start: ir.Value,
) -> ir.Value:
    """Return the weighted sum of the pixels around each point, (points, channels).

    Args:
        build: where to put the operators.
        rows: the flattened map, (pixels, channels).
        taps: of each dimension; their indices and weights broadcast to (points, 1).
        sizes: of the dimensions.
        start: the row where each point's map begins, a column.
    """
    total: ir.Value | None = None
    for corner in itertools.product(*taps):
        place, weight = start, None
        for dimension, tap in enumerate(corner):
            stride = float(math.prod(sizes[dimension + 1 :]))
            step = tap.index if stride == 1 else build.apply("Mul", tap.index, stride)
            place = build.apply("Add", step, place) if _matters(place) else step
            if tap.weight is not None:
                weight = tap.weight if weight is None else build.apply("Mul", weight, tap.weight)
        value = build.gather(rows, _whole(build, place), 0)
        if weight is not None:
            value = build.apply("Mul", value, weight)
        total = value if total is None else build.apply("Add", total, value)
    if total is None:
        raise ValueError("nothing is read")
    return total


def _matters(place: ir.Value) -> bool:
    array = g.constant(place)
    return array is None or bool(array.any())


def _whole(build: Building, place: ir.Value) -> ir.Value:
    points, array = math.prod(g.shape_of(place)), g.constant(place)
    if array is not None:
        return build.constant(array.reshape(points).astype(np.int32))
    whole = build.apply("Cast", place, dtype=ir.DataType.INT32, attributes={"to": 6})
    return build.reshape(whole, (points,))
