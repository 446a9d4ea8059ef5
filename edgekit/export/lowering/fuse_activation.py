"""ReLU, ReLU6 and clip to [-1, 1] become the fused activation of the operator before.

The activation is noted in the node's ``meta["activation"]`` under its TFLite name; the TFLite
writer reads it there.
"""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.graph.activations import activation_of
from edgekit.export.graph.annotations import affine_of


def rewrite(node: ir.Node) -> bool:
    """Match the activation."""
    activation = activation_of(node)
    if activation is None:
        return False
    source = g.operand(node, 0)
    producer = source.producer()
    if producer is None or not operators.of(producer).fusable or "activation" in producer.meta:
        return False
    if g.sole_consumer(source) is not node:
        return False
    if affine_of(source) not in (None, affine_of(node.outputs[0])):
        return False  # what reads the activation counts in its steps, not in those before it
    producer.meta["activation"] = activation
    g.replace(node, source)
    return True
