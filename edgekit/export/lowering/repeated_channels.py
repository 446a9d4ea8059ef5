"""A depthwise convolution that makes several channels of each becomes plain depthwise.

Runtimes compute it as a grouped convolution with a group for every channel, far slower than the
plain one. The convolution before it makes its channels in as many copies as they are read in; where
there is none, and channels are few, the convolution becomes dense.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.lowering import permutation_into_conv as neighbours
from edgekit.export.lowering.permutation_into_small_conv import make_dense

MOST_CHANNELS = 128
"""Of the copies: 3 to 5 % faster than 64 over the whole of MicroNet-M2 and M3; 256 gain nothing."""


def rewrite(node: ir.Node) -> bool:
    """Match the convolution."""
    copies = multiplier(node)
    if copies < 2:
        return False
    producer, between = _producer(node)
    if producer is None or g.shape_of(node.outputs[0])[1] > MOST_CHANNELS:
        return make_dense(node)
    for index in (1, 2):
        array = g.constant(producer.inputs[index]) if len(producer.inputs) > index else None
        if array is not None:
            neighbours.set_constant(producer, index, np.repeat(array, copies, axis=0))
    for value in [producer.outputs[0], *(each.outputs[0] for each in between)]:
        batch, channels, *size = g.shape_of(value)
        value.shape = ir.Shape((batch, channels * copies, *size))
    node.attributes.add(ir.AttrInt64("group", g.shape_of(node.outputs[0])[1]))
    return True


def multiplier(node: ir.Node) -> int:
    """Return how many channels a depthwise convolution makes of each; 0 for anything else."""
    weight = g.constant(node.inputs[1]) if g.is_op(node, "Conv") else None
    groups = node.attributes.get_int("group", 1)
    if weight is None or weight.shape[1] != 1 or groups == 1:
        return 0
    return int(weight.shape[0]) // groups


def _producer(node: ir.Node) -> tuple[ir.Node | None, list[ir.Node]]:
    """Return the convolution before ``node`` and the activations between, nearest first."""
    between: list[ir.Node] = []
    value = g.operand(node, 0)
    producer = value.producer()
    while producer is not None and g.sole_consumer(value) is not None:
        if g.is_op(producer, "Conv"):
            is_grouped = producer.attributes.get_int("group", 1) > 1 and multiplier(producer) == 0
            usable = neighbours.has_constants(producer) and not is_grouped
            return (producer if usable else None), between
        if not g.is_op(producer, *neighbours.ELEMENTWISE):
            break
        between.append(producer)
        value = g.operand(producer, 0)
        producer = value.producer()
    return None, between
