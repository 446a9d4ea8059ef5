"""What passes note on nodes and values: encodings, and which nodes compute on integers."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import Affine


def affine_of(value: ir.Value | None) -> Affine | None:
    """Return the encoding of a value; None for one that is float32."""
    found = None if value is None else value.meta.get("affine")
    return found if isinstance(found, Affine) else None


def is_integer(node: ir.Node) -> bool:
    """Tell whether ``node`` computes on stored integers.

    True for those that were encoded as such, and for what rules made of them: every tensor that
    they touch is encoded or constant.
    """
    if "integer" in node.meta:
        return True
    if "float" in node.meta or (weight_layers.is_layer(node) and "scales" not in node.meta):
        return False
    values = [*weight_layers.dynamic_inputs(node), *node.outputs]
    return node.domain == "edgekit" and all(affine_of(value) is not None for value in values)
