"""A depthwise convolution to which its own operand is added becomes one, with 1 more in the middle.

So are positions encoded (CPVT, CoAtNet) and features mixed (RepViT, PoolFormer's kin). Not for
integers, whose steps would grow with that weight.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering.permutation_into_conv import is_plain_depthwise


def rewrite(node: ir.Node) -> bool:
    """Match the addition."""
    if not g.is_op(node, "Add"):
        return False
    for index in (0, 1):
        mixed, source = g.operand(node, index), g.operand(node, 1 - index)
        conv = mixed.producer()
        if conv is None or not is_plain_depthwise(conv) or g.operand(conv, 0) is not source:
            continue
        if not g.shape_of(source) == g.shape_of(mixed) == g.shape_of(node.outputs[0]):
            continue
        middle = _middle(conv)
        weight = g.constant(conv.inputs[1])
        if middle is None or weight is None or g.sole_consumer(mixed) is not node:
            continue
        more = np.array(weight)
        more.reshape(len(more), -1)[:, middle] += 1
        inputs = [source, g.add_constant(g.graph_of(node), f"{g.label(conv)}_weight", more)]
        inputs += [bias for bias in conv.inputs[2:] if bias is not None]
        shape, attributes = g.shape_of(node.outputs[0]), g.plain_attributes(conv)
        g.replace(node, g.insert(node, "Conv", inputs, shape, attributes))
        return True
    return False


def _middle(conv: ir.Node) -> int | None:
    """Return the tap that reads the place of the result, as large as the input; None if none."""
    get = conv.attributes
    kernel = g.shape_of(g.operand(conv, 1))[2:]
    space = len(kernel)
    if any(stride != 1 for stride in get.get_ints("strides", (1,) * space)):
        return None
    begins = tuple(get.get_ints("pads", (0,) * 2 * space))[:space]
    taps = []
    for begin, rate in zip(begins, get.get_ints("dilations", (1,) * space), strict=True):
        if begin % rate:
            return None
        taps.append(begin // rate)
    return int(np.ravel_multi_index(taps, kernel))
