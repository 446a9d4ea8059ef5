"""MaxUnpool becomes a ScatterND into zeros."""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from edgekit.export.expansion.building import Building
from edgekit.export.graph import nodes as g


def why_not(node: ir.Node) -> tuple[str, str] | None:
    """Return why a MaxUnpool is not expressed, and the reason code; None for one that is."""
    get = node.attributes
    kernel = get.get_ints("kernel_shape", ())
    strides = get.get_ints("strides", (1,) * len(kernel))
    if any(stride < size for stride, size in zip(strides, kernel, strict=True)):
        return "windows that overlap are not supported", "unsupported-window"
    pads = np.array(get.get_ints("pads", (0,) * 2 * len(kernel))).reshape(2, -1).sum(axis=0)
    taken = np.array(g.shape_of(g.operand(node, 0))[2:])
    grown = (taken - 1) * strides + kernel - pads
    if tuple(grown) != g.shape_of(node.outputs[0])[2:]:
        return "an output shape of its own is not supported", "unsupported-shape"
    return None


def rewrite(node: ir.Node) -> bool:
    """Match windows that do not overlap."""
    if not g.is_op(node, "MaxUnpool") or why_not(node) is not None:
        return False
    build, source, shape = Building(node), g.operand(node, 0), g.shape_of(node.outputs[0])
    count, size = math.prod(g.shape_of(source)), math.prod(shape)
    places = build.reshape(g.operand(node, 1), (count, 1))
    values = build.reshape(source, (count,))
    zeros = build.constant(np.zeros(size, np.float32), "zeros")
    made = build.apply("ScatterND", zeros, places, values, shape=(size,))
    g.replace(node, build.reshape(made, shape))
    return True
