"""Average pooling becomes a depthwise convolution with equal weights: exact, and kept in int8.

The XNNPACK delegate has no int8 average pool; the convolution takes padding that counts as well.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import windows


def rewrite(node: ir.Node) -> bool:
    """Match AveragePool whose every window divides by the same number."""
    if not g.is_op(node, "AveragePool"):
        return False
    pool = windows.of_pool(node)
    if pool is None:
        return False
    counts = node.attributes.get_int("count_include_pad", 0) == 1
    ends = zip(pool.axes, pool.declared_ends, strict=True)
    if pool.pads and not (counts and all(axis.end <= end for axis, end in ends)):
        return False
    shape = g.shape_of(node.outputs[0])
    kernel = [axis.kernel for axis in pool.axes]
    share = np.float32(1 / (kernel[0] * kernel[1]))
    graph = g.graph_of(node)
    weight = g.add_constant(
        graph, "pool_weight", np.full((shape[1], 1, *kernel), share, dtype=np.float32)
    )
    attributes: dict[str, g.AttributeValue] = {
        "group": shape[1],
        "kernel_shape": kernel,
        "strides": [axis.stride for axis in pool.axes],
        "pads": [axis.begin for axis in pool.axes] + [axis.end for axis in pool.axes],
    }
    g.replace(node, g.insert(node, "Conv", [g.operand(node, 0), weight], shape, attributes))
    return True
