"""A Col2Im of maps becomes a transposed convolution whose weights put each column in its place."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g

_SPACE = 2


def rewrite(node: ir.Node) -> bool:
    """Match the operator; it adds up where windows meet, as the convolution does."""
    if not g.is_op(node, "Col2Im"):
        return False
    image, block = g.constant(node.inputs[1]), g.constant(node.inputs[2])
    if image is None or block is None or image.size != _SPACE:
        return False
    get, source, result = node.attributes, g.operand(node, 0), g.shape_of(node.outputs[0])
    strides = get.get_ints("strides", (1,) * _SPACE)
    dilations = get.get_ints("dilations", (1,) * _SPACE)
    pads = get.get_ints("pads", (0,) * 2 * _SPACE)
    counts, left = [], []
    for axis in range(_SPACE):
        reach = dilations[axis] * (int(block[axis]) - 1) + 1
        free = int(image[axis]) + pads[axis] + pads[axis + _SPACE] - reach
        counts.append(free // strides[axis] + 1)
        left.append(free % strides[axis])
    taps, channels = math.prod(int(size) for size in block), result[1]
    weight = np.tile(np.eye(taps, dtype=np.float32), (channels, 1))
    build = Building(node)
    columns = build.reshape(source, (result[0], channels * taps, *counts))
    weights = build.constant(weight.reshape(channels * taps, 1, *(int(size) for size in block)))
    attributes: dict[str, g.AttributeValue] = {
        "group": channels,
        "strides": strides,
        "dilations": dilations,
        "pads": pads,
        "output_padding": left,
    }
    made = build.apply("ConvTranspose", columns, weights, shape=result, attributes=attributes)
    g.replace(node, made)
    return True
