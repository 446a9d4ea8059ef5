"""DeformConv reads the pixels that its offsets point at by Gather; the rest is a matrix product."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion import sampling
from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g

_MOST_PIXELS = 1 << 24
_BIAS, _MASK = 3, 4


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why a DeformConv is not expressed, and the reason code; None for one that is."""
    if g.constant(node.inputs[1]) is None:
        return "computed weights are not supported", "dynamic-weights"
    shape = g.shape_of(g.operand(node, 0))
    if len(shape) != 4 or math.prod(shape) // shape[1] >= _MOST_PIXELS:
        return "only maps of less than 2^24 pixels are supported", "too-large"
    return None


def rewrite(node: ir.Node) -> bool:
    """Match a DeformConv of a map with constant weights."""
    if not g.is_op(node, "DeformConv") or why_not(node) is not None:
        return False
    build, get, weight = Building(node), node.attributes, g.constant(node.inputs[1])
    if weight is None:
        return False
    shape, (_, outputs, *made) = g.shape_of(g.operand(node, 0)), g.shape_of(node.outputs[0])
    groups, parts = get.get_int("group", 1), get.get_int("offset_group", 1)
    taps, points = math.prod(weight.shape[2:]), math.prod(made)
    rows = shape[0] * points
    sampled = [_sampled(build, part, weight.shape[2:]) for part in range(parts)]
    columns = build.concat(sampled, 3)  # (batch, taps, points, channels)
    columns = build.transpose(columns, (0, 2, 1, 3))
    products = []
    bias = node.inputs[_BIAS] if len(node.inputs) > _BIAS else None
    taken, given = shape[1] // groups, outputs // groups
    for group in range(groups):
        each = build.slice(columns, 3, group * taken, (group + 1) * taken)
        matrix = weight[group * given : (group + 1) * given].reshape(given, taken, taps)
        turned = np.ascontiguousarray(matrix.transpose(0, 2, 1)).reshape(given, taps * taken)
        flat = build.reshape(each, (rows, taps * taken))
        part = None if bias is None else build.slice(bias, 0, group * given, (group + 1) * given)
        products.append(build.product(flat, build.constant(turned, "weights"), part))
    joined = build.reshape(build.concat(products, 1), (shape[0], *made, outputs))
    g.replace(node, build.transpose(joined, (0, 3, 1, 2)))
    return True


def _sampled(build: Building, part: int, kernel: tuple[int, ...]) -> ir.Value:
    """Return what one group of offsets reads, (batch, taps, points, channels of the group)."""
    node = build.node
    batch, channels, *sizes = g.shape_of(g.operand(node, 0))
    made, taps = g.shape_of(node.outputs[0])[2:], math.prod(kernel)
    count = channels // node.attributes.get_int("offset_group", 1)
    maps = build.slice(g.operand(node, 0), 1, part * count, (part + 1) * count)
    rows = build.reshape(build.transpose(maps, (0, 2, 3, 1)), (batch * math.prod(sizes), count))
    offsets = build.slice(g.operand(node, 2), 1, part * taps * 2, (part + 1) * taps * 2)
    pairs = build.reshape(offsets, (batch, taps, 2, *made))
    points = batch * taps * math.prod(made)
    sides = []
    for axis, size in enumerate(sizes):
        moved = build.reshape(build.slice(pairs, 2, axis, axis + 1), (batch, taps, *made))
        place = build.apply("Add", moved, build.constant(_grid(node, axis, kernel), "grid"))
        neighbours = sampling.linear_taps(build, build.reshape(place, (points, 1)))
        sides.append([sampling.within(build, tap, size) for tap in neighbours])
    first = np.repeat(np.arange(batch) * math.prod(sizes), points // batch)
    start = build.constant(sampling.column(first), "start")
    value = sampling.gathered(build, rows, sides, sizes, start)
    mask = node.inputs[_MASK] if len(node.inputs) > _MASK else None
    if mask is not None:
        share = build.slice(mask, 1, part * taps, (part + 1) * taps)
        value = build.apply("Mul", value, build.reshape(share, (points, 1)))
    return build.reshape(value, (batch, taps, math.prod(made), count))


def _grid(node: ir.Node, axis: int, kernel: tuple[int, ...]) -> np.ndarray:
    """Return where each tap reads without an offset, (1, taps, height, width)."""
    get, made = node.attributes, g.shape_of(node.outputs[0])[2:]
    stride = get.get_ints("strides", (1, 1))[axis]
    gap = get.get_ints("dilations", (1, 1))[axis]
    begin = get.get_ints("pads", (0, 0, 0, 0))[axis]
    tap = np.indices(kernel)[axis].reshape(-1, 1, 1) * gap
    place = np.indices(made)[axis][None] * stride - begin
    return np.asarray((tap + place)[None], np.float32)
