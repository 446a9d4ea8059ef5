"""AdaRound: learn for every weight whether to round up or down; see `reconstruct.adaround`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.activations import clip_bounds
from edgekit.export.integer import encodings as e
from edgekit.export.integer import quantizable
from edgekit.quantize.candidate import Stop
from edgekit.quantize.reconstruct.adaround import learn_rounding
from edgekit.quantize.reconstruct.layer import Geometry, Layer
from edgekit.quantize.rungs.base import walking
from edgekit.quantize.running.gathering import Values


def _revised(stop: Stop) -> e.Layer:
    described = _described(stop.node, stop.layer)
    found = learn_rounding(described, _images(stop.inputs), _images(stop.wanted))
    codes = found.codes
    if weight_layers.output_axis(stop.node) == 1:
        codes = codes.T
    weight = np.ascontiguousarray(codes)
    return replace(stop.layer, weight=weight, bias=found.bias.astype(np.float64))


def _images(values: Values) -> list[np.ndarray]:
    """Return every sample of every batch for itself, nothing copied."""
    return [image for batch in values for image in batch]


def _described(node: ir.Node, layer: e.Layer) -> Layer:
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError(f"{g.label(node)!r} is no layer")
    low, high = _activation(node)
    return Layer(
        name=g.label(node),
        weight=weight.T if weight_layers.output_axis(node) == 1 else weight,
        scales=layer.scales,
        bits=7 if np.abs(layer.weight.astype(np.int16)).max(initial=0) <= 63 else 8,
        bias=layer.bias.astype(np.float32),
        geometry=_geometry(node),
        low=low,
        high=high,
    )


def _geometry(node: ir.Node) -> Geometry:
    if node.op_type != "Conv":
        return Geometry()
    get = node.attributes.get_ints
    strides, dilations = get("strides", (1, 1)), get("dilations", (1, 1))
    pads = get("pads", (0, 0, 0, 0))
    return Geometry(
        (strides[0], strides[1]),
        (pads[0], pads[1], pads[2], pads[3]),
        (dilations[0], dilations[1]),
        node.attributes.get_int("group", 1),
    )


def _activation(node: ir.Node) -> tuple[float, float]:
    value, reader = node.outputs[0], g.sole_consumer(node.outputs[0])
    if reader is None or not quantizable.is_fused(value):
        return -math.inf, math.inf
    return (0.0, math.inf) if reader.op_type == "Relu" else clip_bounds(reader)


RUNG = walking("adaround", "learn which way to round every weight", _revised)
