"""RoiAlign reads its points by Gather, weighs their neighbours and averages them by a pool."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import sampling
from edgekit.export.expansion.building import Building
from edgekit.export.expansion.sampling import Tap
from edgekit.export.graph import nodes as g

_MOST_PIXELS = 1 << 24


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why a RoiAlign is not expressed, and the reason code; None for one that is."""
    if node.attributes.get_string("mode", "avg") != "avg":
        return "the largest weighted pixel is not supported", "unsupported-mode"
    if node.attributes.get_int("sampling_ratio", 0) < 1:
        return "points whose number depends on the region", "dynamic-shape"
    batch, _, height, width = g.shape_of(g.operand(node, 0))
    is_large = batch * height * width >= _MOST_PIXELS
    return ("the map has too many pixels", "too-large") if is_large else None


def rewrite(node: ir.Node) -> bool:
    """Match the average of a fixed number of points."""
    if not g.is_op(node, "RoiAlign") or why_not(node) is not None:
        return False
    build, get, source = Building(node), node.attributes, g.operand(node, 0)
    batch, channels, *sizes = g.shape_of(source)
    regions, _, *made = g.shape_of(node.outputs[0])
    ratio = get.get_int("sampling_ratio", 0)
    counts = [size * ratio for size in made]
    pixels = batch * math.prod(sizes)
    rows = build.reshape(build.transpose(source, (0, 2, 3, 1)), (pixels, channels))
    points = [_places(build, axis, sizes[axis], made[axis], ratio) for axis in range(len(sizes))]
    shape = (regions, *counts)
    taps = []
    for axis, place in enumerate(points):
        sides = (regions, counts[0], 1) if axis == 0 else (regions, 1, counts[1])
        spread = [
            Tap(_spread(build, tap.index, sides, shape), _weight(build, tap, sides, shape))
            for tap in place
        ]
        taps.append(spread)
    image = build.apply("Cast", g.operand(node, 2), dtype=ir.DataType.FLOAT, attributes={"to": 1})
    start = build.apply("Mul", build.reshape(image, (regions, 1, 1)), float(math.prod(sizes)))
    first = _spread(build, start, (regions, 1, 1), shape)
    total = sampling.gathered(build, rows, taps, sizes, first)
    maps = build.transpose(build.reshape(total, (*shape, channels)), (0, 3, 1, 2))
    if ratio > 1:
        window: dict[str, g.AttributeValue] = {"kernel_shape": [ratio] * 2, "strides": [ratio] * 2}
        result = (regions, channels, *made)
        maps = build.apply("AveragePool", maps, shape=result, attributes=window)
    g.replace(node, maps)
    return True


def _spread(
    build: Building, value: ir.Value, sides: tuple[int, ...], shape: tuple[int, ...]
) -> ir.Value:
    """Return numbers of one side of the grids for every point, as a column."""
    ones = build.constant(np.ones(shape, np.float32), "ones")
    every = build.apply("Mul", build.reshape(value, sides), ones)
    return build.reshape(every, (math.prod(shape), 1))


def _weight(
    build: Building, tap: Tap, sides: tuple[int, ...], shape: tuple[int, ...]
) -> ir.Value | None:
    return None if tap.weight is None else _spread(build, tap.weight, sides, shape)


def _places(build: Building, axis: int, size: int, made: int, ratio: int) -> list[Tap]:
    """Return the two neighbours of every point along one axis, (regions, points)."""
    get, corners = build.node.attributes, g.operand(build.node, 1)
    is_half = get.get_string("coordinate_transformation_mode", "half_pixel") == "half_pixel"
    scale = get.get_float("spatial_scale", 1.0)
    low, high = (
        _shifted(build, build.apply("Mul", build.slice(corners, 1, at, at + 1), scale), is_half)
        for at in (1 - axis, 3 - axis)
    )
    extent = build.apply("Sub", high, low)
    if not is_half:
        extent = build.apply("Max", extent, 1.0)
    steps = (np.arange(made * ratio, dtype=np.float32) + 0.5) / (made * ratio)
    inside = build.apply("Mul", extent, build.constant(steps.reshape(1, -1), "steps"))
    place = build.apply("Add", inside, low)
    reached = build.apply("Clip", place, -1.0, float(size))
    near = build.apply("Equal", reached, place, dtype=ir.DataType.BOOL)
    counts = build.apply("Cast", near, dtype=ir.DataType.FLOAT, attributes={"to": 1})
    bounded = build.apply("Clip", place, 0.0, float(size - 1))
    return [
        sampling.clamped(build, Tap(tap.index, _times(build, tap.weight, counts)), size)
        for tap in sampling.linear_taps(build, bounded)
    ]


def _times(build: Building, weight: ir.Value | None, share: ir.Value) -> ir.Value:
    return share if weight is None else build.apply("Mul", weight, share)


def _shifted(build: Building, place: ir.Value, is_half: bool) -> ir.Value:
    return build.apply("Sub", place, 0.5) if is_half else place
