"""A channel permutation beside an ungrouped convolution is folded into its weights.

Either side: the convolution that makes the channels can make them in the new order, and the
convolution that reads them can read the old order. Activations between the two are
elementwise and do not care.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import permutations

ELEMENTWISE = ("Relu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "LeakyRelu")


def rewrite(node: ir.Node) -> bool:
    """Match the permutation."""
    order = permutations.of_gather(node)
    if order is None:
        return False
    following, preceding = following_conv(node), preceding_conv(node)
    if following is not None and is_dense(following):
        weight = _weight(following)
        # It sees in[order[i]] at position i; feed it in[] directly instead.
        permuted = np.empty_like(weight)
        permuted[:, order] = weight
        set_constant(following, 1, permuted)
    elif preceding is not None and is_dense(preceding):
        reorder_outputs(preceding, order)
    else:
        return False
    g.replace(node, g.operand(node, 0))
    return True


def following_conv(node: ir.Node) -> ir.Node | None:
    """Return the convolution that alone reads ``node``, past activations; None if none does."""
    consumer = g.sole_consumer(node.outputs[0])
    while consumer is not None and g.is_op(consumer, *ELEMENTWISE):
        consumer = g.sole_consumer(consumer.outputs[0])
    return consumer if has_constants(consumer) else None


def preceding_conv(node: ir.Node) -> ir.Node | None:
    """Return the convolution that makes what ``node`` alone reads, past activations."""
    value = g.operand(node, 0)
    producer = value.producer()
    while (
        producer is not None
        and g.is_op(producer, *ELEMENTWISE)
        and g.sole_consumer(value) is not None
    ):
        value = g.operand(producer, 0)
        producer = value.producer()
    alone = g.sole_consumer(value) is not None
    return producer if alone and has_constants(producer) else None


def is_dense(node: ir.Node) -> bool:
    """Tell whether a convolution has one group."""
    return node.attributes.get_int("group", 1) == 1


def is_plain_depthwise(node: ir.Node | None) -> bool:
    """Tell whether ``node`` is a convolution of constants that makes one channel of each."""
    if node is None or not has_constants(node):
        return False
    outputs, per_group = g.shape_of(g.operand(node, 1))[:2]
    return per_group == 1 and node.attributes.get_int("group", 1) == outputs > 1


def put_behind(conv: ir.Node, indices: ir.Value) -> ir.Node:
    """Insert a permutation that alone reads a convolution's result, and return it."""
    result = conv.outputs[0]
    behind = ir.node("Gather", [result, indices], attributes={"axis": 1})
    moved = behind.outputs[0]
    moved.shape, moved.type = result.shape, result.type
    g.graph_of(conv).insert_after(conv, behind)
    for use in list(result.uses()):
        if use.node is not behind:
            use.node.replace_input_with(use.idx, moved)
    return behind


def reorder_outputs(conv: ir.Node, order: np.ndarray) -> None:
    """Let a convolution make its output channels as ``out[i] = before[order[i]]``."""
    for index in range(1, len(conv.inputs)):
        array = g.constant(conv.inputs[index])
        if array is not None:
            set_constant(conv, index, array[order])


def set_constant(node: ir.Node, index: int, array: np.ndarray) -> None:
    """Give a convolution new weights or a new bias; other readers of the old keep it."""
    name = g.operand(node, index).name or "weight"
    node.replace_input_with(index, g.add_constant(g.graph_of(node), f"{name}_permuted", array))


def has_constants(node: ir.Node | None) -> bool:
    """Tell whether ``node`` is a Conv with constant weights and bias."""
    if node is None or not g.is_op(node, "Conv"):
        return False
    return all(g.constant(value) is not None for value in node.inputs[1:] if value is not None)


def _weight(node: ir.Node) -> np.ndarray:
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError("a matched convolution has constant weights")
    return weight
