"""A channel permutation beside an ungrouped convolution is folded into its weights.

Either side: the convolution that makes the channels can make them in the new order, and the
convolution that reads them can read the old order. Activations between the two are
elementwise and do not care.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export import graph as g
from edgekit.export.lowering import permutation

_ELEMENTWISE = ("Relu", "Clip", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "LeakyRelu")


def rewrite(node: ir.Node) -> bool:
    """Match the permutation."""
    order = permutation.of_gather(node)
    if order is None:
        return False
    return _into_following(node, order) or _into_preceding(node, order)


def _into_following(node: ir.Node, order: np.ndarray) -> bool:
    consumer = g.sole_consumer(node.outputs[0])
    while consumer is not None and g.is_op(consumer, *_ELEMENTWISE):
        consumer = g.sole_consumer(consumer.outputs[0])
    if consumer is None or not _is_dense_conv(consumer):
        return False
    weight = g.constant(consumer.inputs[1])
    if weight is None:
        return False
    # The convolution sees in[order[i]] at position i; feed it in[] directly instead.
    permuted = np.empty_like(weight)
    permuted[:, order] = weight
    _set_constant(consumer, 1, permuted)
    g.replace(node, g.operand(node, 0))
    return True


def _into_preceding(node: ir.Node, order: np.ndarray) -> bool:
    value = g.operand(node, 0)
    producer = value.producer()
    while (
        producer is not None
        and g.is_op(producer, *_ELEMENTWISE)
        and g.sole_consumer(value) is not None
    ):
        value = g.operand(producer, 0)
        producer = value.producer()
    if producer is None or g.sole_consumer(value) is None or not _is_dense_conv(producer):
        return False
    weight = g.constant(producer.inputs[1])
    has_bias = len(producer.inputs) > 2 and producer.inputs[2] is not None
    bias = g.constant(producer.inputs[2]) if has_bias else None
    if weight is None or (has_bias and bias is None) or node.outputs[0].is_graph_output():
        return False
    _set_constant(producer, 1, weight[order])
    if bias is not None:
        _set_constant(producer, 2, bias[order])
    g.replace(node, g.operand(node, 0))
    return True


def _is_dense_conv(node: ir.Node) -> bool:
    return g.is_op(node, "Conv") and node.attributes.get_int("group", 1) == 1


def _set_constant(node: ir.Node, index: int, array: np.ndarray) -> None:
    name = g.operand(node, index).name or "weight"
    node.replace_input_with(index, g.add_constant(g.graph_of(node), f"{name}_permuted", array))
