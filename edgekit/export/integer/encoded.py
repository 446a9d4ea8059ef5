"""An encoded graph: a quantizable graph whose values and weights carry their encodings.

In it an encoded value has ``meta["affine"]``, the weights and bias of an encoded layer are int8
and int32 constants, and the layer has ``meta["scales"]``. Activations that saturation performs
for free are gone. Rules that only move or rename keep all that; see
`edgekit.export.graph.nodes.replace`.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators, weight_layers
from edgekit.export.graph.activations import clip_bounds
from edgekit.export.graph.affine import Affine
from edgekit.export.graph.annotations import affine_of, is_integer
from edgekit.export.integer import conversions, islands, quantizable, rescale
from edgekit.export.integer.encodings import Encodings, Layer


def apply(model: ir.Model, encodings: Encodings, *, as_given: bool = False) -> ir.Model:
    """Return the encoded graph; ``model``, the quantizable one, is left as it is.

    Args:
        model: the graph.
        encodings: of it.
        as_given: round whatever has an encoding, as a network that is quantized already does;
            else not what only passes from one float32 node to another.

    Raises:
        RefusedError: the encodings are of another graph (reason "encodings-mismatch").
    """
    graph = _annotated(model, encodings)
    if not as_given:
        islands.sink(graph)
    for node in list(graph.graph):
        layer = encodings.layers.get(node.name or "")
        if layer is not None and "integer" in node.meta:
            _store_layer(node, layer)
    for node in list(graph.graph):
        _drop_saturating(node)
    _forget_needless(graph)
    for value, wanted, uses in conversions.needed(graph):
        conversions.insert(value, wanted, uses, "Requantize", domain="edgekit")
    return graph


def simulated(model: ir.Model, encodings: Encodings) -> ir.Model:
    """Return a graph that computes in float32 what the integer files compute.

    Nodes and values keep the names of ``model``; layers have the weights that the stored ones
    stand for, and each encoded value has its encoding noted as in `apply`, to be followed by a
    quantizing pair. Values before a fused activation are there, in float32.

    Raises:
        RefusedError: as `apply`.
    """
    graph = _annotated(model, encodings)
    islands.sink(graph)
    _forget_needless(graph)
    for value, wanted, uses in conversions.needed(graph):
        conversions.insert(value, wanted, uses, "Identity")  # the quantizing pair converts
    for node in graph.graph:
        layer = encodings.layers.get(node.name or "")
        affine = affine_of(node.inputs[0]) if node.inputs else None
        if layer is not None and affine is not None and "integer" in node.meta:
            scales = layer.bias_scales(affine.scale)
            bias = layer.stored_bias(affine.scale) * scales.astype(np.float64)
            _set_layer(node, layer.real_weight, bias.astype(np.float32))
    return graph


def _annotated(model: ir.Model, encodings: Encodings) -> ir.Model:
    if encodings.graph_sha256 != quantizable.digest(model):
        raise RefusedError(
            "the encodings belong to another network, or to other weights: make them anew with "
            "`edgekit quantize`",
            reason_code="encodings-mismatch",
        )
    rescaled = rescale.apply(model, encodings.rescalings)
    graph = rescaled.clone() if rescaled is model else rescaled
    for value in _values(graph):
        affine = encodings.activations.get(value.name or "")
        if affine is not None:
            value.meta["affine"] = affine
    for node in graph.graph:
        if _is_integer(node, encodings):
            node.meta["integer"] = True
    return graph


def constant_affine(node: ir.Node, value: ir.Value) -> Affine:
    """Return the encoding of a constant operand of an integer node: its own, or what suits it."""
    own, array = affine_of(value), g.constant(value)
    if own is not None:
        return own
    if array is None:
        raise ValueError(f"{value.name!r} is no constant")
    shared = affine_of(node.outputs[0])
    if shared is not None and (operators.of(node).shares_scale or not array.any()):
        return shared  # whose zero is exact
    bits = 8 if shared is None else shared.bits
    low, high = min(0.0, float(array.min())), max(0.0, float(array.max()))
    if bits == 16 or low == high:
        return Affine(max(-low, high, 1e-6) / (2 ** (bits - 1) - 1), 0, bits)
    scale = float(np.float32((high - low) / 255))
    return Affine(scale, int(np.clip(np.rint(-128 - low / scale), -128, 127)))


def _values(graph: ir.Model) -> list[ir.Value]:
    made = (value for node in graph.graph for value in node.outputs)
    return [*graph.graph.inputs, *graph.graph.initializers.values(), *made]


def _is_integer(node: ir.Node, encodings: Encodings) -> bool:
    inputs = list(weight_layers.dynamic_inputs(node))
    if g.is_op(node, "Relu", "Clip") and inputs and quantizable.is_fused(inputs[0]):
        # Whatever is said of it: what it is fused with makes its result.
        producer = inputs[0].producer()
        return producer is not None and _is_integer(producer, encodings)
    name = node.name or ""
    if name in encodings.float_nodes or not quantizable.is_capable(node):
        return False
    if weight_layers.is_layer(node) and name not in encodings.layers:
        return False
    outputs = [quantizable.materialized(value) for value in node.outputs]
    if any(affine_of(value) is None for value in (*inputs, *outputs)):
        return False
    return not g.is_op(node, "Relu", "Clip") or _saturates(node)


def _store_layer(node: ir.Node, layer: Layer) -> None:
    affine = affine_of(node.inputs[0])
    if affine is None:
        raise ValueError(f"the input of layer {g.label(node)!r} is not encoded")
    _set_layer(node, layer.weight, layer.stored_bias(affine.scale))
    node.meta["scales"] = layer.scales


def _set_layer(node: ir.Node, weight: np.ndarray, bias: np.ndarray) -> None:
    graph, name = g.graph_of(node), g.operand(node, 1).name or g.label(node)
    node.replace_input_with(1, g.add_constant(graph, f"{name}_quantized", weight))
    if len(node.inputs) < 3:
        node.op_type = "Gemm" if node.op_type == "MatMul" else node.op_type  # which has a bias
        node.resize_inputs(3)
    node.replace_input_with(2, g.add_constant(graph, f"{g.label(node)}_bias", bias))


def _drop_saturating(node: ir.Node) -> None:
    """Take out an activation that the range of its output already performs."""
    if "integer" not in node.meta or not g.is_op(node, "Relu", "Clip") or not _saturates(node):
        return
    source = g.operand(node, 0)
    if affine_of(source) is None:
        g.replace(node, source)
    else:
        stored = g.insert(node, "Requantize", [source], g.shape_of(source), domain="edgekit")
        g.replace(node, stored)


def _saturates(node: ir.Node) -> bool:
    affine = affine_of(node.outputs[0])
    if affine is None:
        return False
    low, high = (0.0, np.inf) if node.op_type == "Relu" else clip_bounds(node)
    # Each bound is stored as the end of the codes: what lies beyond it could only end there too.
    return bool(affine.store(low) == affine.lowest and affine.store(high) == affine.highest)


def _forget_needless(graph: ir.Model) -> None:
    """Leave values float32 that no integer node makes or reads."""
    for value in _values(graph):
        producer = value.producer()
        nodes = [producer, *(use.node for use in value.uses())]
        if not any(node is not None and is_integer(node) for node in nodes):
            value.meta.pop("affine", None)
