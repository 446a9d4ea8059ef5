"""GridSample reads the pixels around each point by Gather and weighs them.

Places are counted in float32, which holds them exactly below 2^24 pixels.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g

_MOST_PIXELS = 1 << 24
_LINEAR = ("linear", "bilinear")


def why_not(node: ir.Node) -> tuple[str, str]:
    """Return why a GridSample is not expressed, and the reason code."""
    mode = node.attributes.get_string("mode", "linear")
    if mode not in (*_LINEAR, "nearest"):
        return f"the mode {mode!r} is not supported", "unsupported-mode"
    return "the map has too many pixels", "too-large"


def rewrite(node: ir.Node) -> bool:
    """Match linear and nearest sampling of a map of any rank."""
    if not g.is_op(node, "GridSample"):
        return False
    batch, channels, *sizes = g.shape_of(g.operand(node, 0))
    pixels = batch * math.prod(sizes)
    mode = node.attributes.get_string("mode", "linear")
    if mode not in (*_LINEAR, "nearest") or pixels >= _MOST_PIXELS:
        return False
    build, rank, result = Building(node), len(sizes), g.shape_of(node.outputs[0])
    last = build.transpose(g.operand(node, 0), (0, *range(2, rank + 2), 1))
    rows = build.reshape(last, (pixels, channels))
    points = batch * math.prod(result[2:])
    grid = g.operand(node, 1)
    coordinates = [  # the last of a point is that of the first dimension
        build.reshape(build.slice(grid, rank + 1, rank - 1 - d, rank - d), (points, 1))
        for d in range(rank)
    ]
    taps = [_taps(build, each, size) for each, size in zip(coordinates, sizes, strict=True)]
    start = np.repeat(np.arange(batch) * math.prod(sizes), points // batch)
    total: ir.Value | None = None
    for corner in itertools.product(*taps):
        place, weight = build.constant(start.astype(np.float32).reshape(-1, 1), "start"), None
        for dimension, (index, part) in enumerate(corner):
            stride = float(math.prod(sizes[dimension + 1 :]))
            step = index if stride == 1 else build.apply("Mul", index, stride)
            place = build.apply("Add", step, place) if batch > 1 or dimension else step
            if part is not None:
                weight = part if weight is None else build.apply("Mul", weight, part)
        value = build.gather(rows, _whole(build, place, points), 0)
        if weight is not None:
            value = build.apply("Mul", value, weight)
        total = value if total is None else build.apply("Add", total, value)
    if total is None:
        return False
    joined = build.reshape(total, (batch, *result[2:], channels))
    g.replace(node, build.transpose(joined, (0, rank + 1, *range(1, rank + 1))))
    return True


def _whole(build: Building, place: ir.Value, points: int) -> ir.Value:
    array = g.constant(place)
    if array is not None:
        return build.constant(array.reshape(points).astype(np.int32))
    whole = build.apply("Cast", place, dtype=ir.DataType.INT32, attributes={"to": 6})
    return build.reshape(whole, (points,))


def _taps(
    build: Building, coordinate: ir.Value, size: int
) -> list[tuple[ir.Value, ir.Value | None]]:
    """Return the indices that a coordinate reads along one dimension, and their weights."""
    get = build.node.attributes
    padding = get.get_string("padding_mode", "zeros")
    place = _denormalized(build, coordinate, size)
    if padding == "border":
        place = build.apply("Clip", place, 0.0, float(size - 1))
    elif padding == "reflection":
        place = _reflected(build, place, size)
    if get.get_string("mode", "linear") == "nearest":
        return [_tap(build, build.apply("Round", place), None, size, padding)]
    low = build.apply("Floor", place)
    high = build.apply("Add", low, 1.0)
    above = build.apply("Sub", place, low)
    below = build.apply("Sub", high, place)
    return [
        _tap(build, index, weight, size, padding) for index, weight in ((low, below), (high, above))
    ]


def _tap(
    build: Building, index: ir.Value, weight: ir.Value | None, size: int, padding: str
) -> tuple[ir.Value, ir.Value | None]:
    inside = build.apply("Clip", index, 0.0, float(size - 1))
    if padding != "zeros":
        return inside, weight
    distance = build.apply("Abs", build.apply("Sub", index, inside))
    within = build.apply("Sub", build.constant(1.0), build.apply("Clip", distance, 0.0, 1.0))
    return inside, within if weight is None else build.apply("Mul", weight, within)


def _denormalized(build: Building, coordinate: ir.Value, size: int) -> ir.Value:
    """Return the place among the pixels of a coordinate from -1 to 1."""
    moved = build.apply("Add", coordinate, 1.0)
    if build.node.attributes.get_int("align_corners", 0):
        return build.apply("Mul", moved, (size - 1) / 2)
    return build.apply("Mul", build.apply("Sub", build.apply("Mul", moved, float(size)), 1.0), 0.5)


def _reflected(build: Building, place: ir.Value, size: int) -> ir.Value:
    """Return the place folded back at the edges of the outer pixels, or at their middles."""
    is_aligned = build.node.attributes.get_int("align_corners", 0)
    low, span = (0.0, float(size - 1)) if is_aligned else (-0.5, float(size))
    if span == 0:
        return build.apply("Mul", place, 0.0)
    above = place if low == 0 else build.apply("Sub", place, low)
    turns = build.apply("Floor", build.apply("Mul", above, 1 / (2 * span)))
    within = build.apply("Sub", above, build.apply("Mul", turns, 2 * span))
    fold = build.apply("Abs", build.apply("Sub", within, span))
    return build.apply("Sub", build.constant(low + span), fold)
