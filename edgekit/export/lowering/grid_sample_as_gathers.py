"""GridSample reads the pixels around each point by Gather and weighs them.

Places are counted in float32, which holds them exactly below 2^24 pixels.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import sampling
from edgekit.export.expansion.building import Building
from edgekit.export.expansion.sampling import Tap
from edgekit.export.graph import nodes as g

_MOST_PIXELS = 1 << 24
_PLANE = 2
_LINEAR, _CUBIC = ("linear", "bilinear"), ("cubic", "bicubic")
_STEEPNESS = -0.75  # of the cubic that the standard prescribes


def why_not(node: ir.Node) -> tuple[str, str]:
    """Return why a GridSample is not expressed, and the reason code."""
    mode = node.attributes.get_string("mode", "linear")
    if mode in _CUBIC:
        return "cubic sampling is that of a map", "unsupported-mode"
    if mode not in (*_LINEAR, "nearest"):
        return f"the mode {mode!r} is not supported", "unsupported-mode"
    return "the map has too many pixels", "too-large"


def rewrite(node: ir.Node) -> bool:
    """Match linear and nearest sampling of a map of any rank, and cubic of height and width."""
    if not g.is_op(node, "GridSample"):
        return False
    batch, channels, *sizes = g.shape_of(g.operand(node, 0))
    pixels = batch * math.prod(sizes)
    mode = node.attributes.get_string("mode", "linear")
    known = (*_LINEAR, *_CUBIC, "nearest") if len(sizes) == _PLANE else (*_LINEAR, "nearest")
    if mode not in known or pixels >= _MOST_PIXELS:
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
    total = sampling.gathered(build, rows, taps, sizes, build.constant(sampling.column(start)))
    joined = build.reshape(total, (batch, *result[2:], channels))
    g.replace(node, build.transpose(joined, (0, rank + 1, *range(1, rank + 1))))
    return True


def _taps(build: Building, coordinate: ir.Value, size: int) -> list[Tap]:
    """Return the indices that a coordinate reads along one dimension, and their weights."""
    get = build.node.attributes
    mode, padding = get.get_string("mode", "linear"), get.get_string("padding_mode", "zeros")
    place = _denormalized(build, coordinate, size)
    if mode == "nearest":
        return [_padded(build, Tap(build.apply("Round", place), None), size, padding)]
    if mode in _CUBIC:  # whose pixels are padded, each for itself
        return [_padded(build, tap, size, padding) for tap in _cubic_taps(build, place)]
    if padding == "border":
        place = build.apply("Clip", place, 0.0, float(size - 1))
    elif padding == "reflection":
        place = _reflected(build, place, size)
    taps = sampling.linear_taps(build, place)
    if padding == "zeros":
        return [sampling.within(build, tap, size) for tap in taps]
    return [sampling.clamped(build, tap, size) for tap in taps]


def _padded(build: Building, tap: Tap, size: int, padding: str) -> Tap:
    """Return what is read in place of a whole index that may lie outside."""
    if padding == "zeros":
        return sampling.within(build, tap, size)
    if padding == "reflection":
        tap = replace(tap, index=build.apply("Round", _reflected(build, tap.index, size)))
    return sampling.clamped(build, tap, size)


def _cubic_taps(build: Building, place: ir.Value) -> list[Tap]:
    low = build.apply("Floor", place)
    after = build.apply("Sub", place, low)
    before = build.apply("Sub", build.constant(1.0), after)
    weights = [
        _outer(build, after, before), _inner(build, after), _inner(build, before),
        _outer(build, before, after),
    ]  # fmt: skip
    indices = [low if step == 0 else build.apply("Add", low, float(step)) for step in range(-1, 3)]
    return [Tap(index, weight) for index, weight in zip(indices, weights, strict=True)]


def _inner(build: Building, distance: ir.Value) -> ir.Value:
    """Return the weight of a pixel at most one away."""
    steep = build.apply("Mul", distance, _STEEPNESS + 2)
    bent = build.apply("Sub", steep, _STEEPNESS + 3)
    square = build.apply("Mul", distance, distance)
    return build.apply("Add", build.apply("Mul", bent, square), 1.0)


def _outer(build: Building, near: ir.Value, far: ir.Value) -> ir.Value:
    """Return the weight of the pixel beyond the one that is ``near`` away."""
    square = build.apply("Mul", far, far)
    return build.apply("Mul", build.apply("Mul", square, near), _STEEPNESS)


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
