"""Stored weights in ONNX: short constants, turned back to float32 by standard operators."""

from __future__ import annotations

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.precisions import stored


def put_back_all(model: ir.Model) -> None:
    """Put the weights of every layer that is noted into their stored form, in place.

    What turns them back is Cast, and Mul with the scales. Both read constants only, so ONNX
    Runtime computes them once, when it loads the file, and the layer runs as in float32. It does
    not do so with DequantizeLinear: measured 2.4 to 2.7 times slower on small MobileNets.
    """
    for node, weight in stored.layers(model):
        form = stored.of(node)
        if form is None or form.dynamic:
            continue
        graph, axis = g.graph_of(node), weight_layers.output_axis(node)
        kept = form.store(weight, axis)
        name = f"{g.operand(node, 1).name}_{kept.dtype.name}"
        real = cast(node, g.add_constant(graph, name, kept), ir.DataType.FLOAT)
        if form.scales is not None:
            scales = stored.spread(form.scales, weight.ndim, axis)
            factor = g.add_constant(graph, f"{name}_scale", scales)
            real = g.insert(node, "Mul", [real, factor], weight.shape)
        node.replace_input_with(1, real)


def cast(anchor: ir.Node, value: ir.Value, to: ir.DataType) -> ir.Value:
    """Insert a Cast before ``anchor`` and return its output."""
    result = g.insert(anchor, "Cast", [value], g.shape_of(value), {"to": int(to)})
    result.type = ir.TensorType(to)
    return result
