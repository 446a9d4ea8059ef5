"""DepthToSpace in mode CRD becomes a channel permutation and mode DCR.

That is how PyTorch writes a pixel shuffle. The permutation then goes into the convolution before.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g


def rewrite(node: ir.Node) -> bool:
    """Match the mode."""
    if not g.is_op(node, "DepthToSpace") or node.attributes.get_string("mode", "DCR") != "CRD":
        return False
    source, block = g.operand(node, 0), node.attributes.get_int("blocksize", 1)
    shape = g.shape_of(source)
    permutation = np.arange(shape[1]).reshape(-1, block, block).transpose(1, 2, 0).reshape(-1)
    indices = g.add_constant(g.graph_of(node), "pixel_order", permutation)
    moved = g.insert(node, "Gather", [source, indices], shape, {"axis": 1})
    result = g.shape_of(node.outputs[0])
    attributes: dict[str, g.AttributeValue] = {"blocksize": block, "mode": "DCR"}
    g.replace(node, g.insert(node, "DepthToSpace", [moved], result, attributes))
    return True
