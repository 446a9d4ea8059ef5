"""What passes note on nodes and values: encodings, and which nodes compute on integers."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import Affine


def affine_of(value: ir.Value | None) -> Affine | None:
    """Return the encoding of a value; None for one that is float32."""
    found = None if value is None else value.meta.get("affine")
    return found if isinstance(found, Affine) else None


SPARSE, EVEN, KEEPS_RANK = "sparse", "even_padding", "keeps_rank"
"""Notes for sparse kernels: on a convolution of few weights, on one whose padding is to be as wide
at the end as at the beginning, though no window reaches it, and on a pooling."""

PIXELS = Affine(1.0, -128)
"""Of 8-bit pixels, each its own step: stored unsigned, their bytes as they are."""


def is_pixels(value: ir.Value | None) -> bool:
    """Tell whether a value is an input of 8-bit pixels, cast to real numbers and encoded so."""
    cast = None if value is None else value.producer()
    if value is None or cast is None or cast.op_type != "Cast" or affine_of(value) != PIXELS:
        return False
    source = cast.inputs[0]
    return source is not None and source.is_graph_input() and source.dtype == ir.DataType.UINT8


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
