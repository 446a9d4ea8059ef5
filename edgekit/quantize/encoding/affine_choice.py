"""From ranges and float weights to encodings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.graph.affine import Affine
from edgekit.export.integer import quantizable, rescale
from edgekit.export.integer.encodings import Encodings, Layer, least_weight_scales
from edgekit.export.integer.rescale import Rescaling
from edgekit.quantize import ranges
from edgekit.quantize.encoding import shared_scales, window_scales
from edgekit.quantize.ranges import WeightMethod

_NARROWEST_ADDEND = 1 / 16
"""Of the range of a sum, to take its scale over: whatever else reads a narrower addend would see
fewer than 16 steps. The narrowest of three registered networks has 44."""


def activations(
    model: ir.Model, spans: Mapping[str, tuple[float, float]], bits: int
) -> dict[str, Affine]:
    """Return an encoding for every encodable value.

    Args:
        model: the quantizable graph.
        spans: low and high by value name, equal for tied values; what has none stays float32.
        bits: 8 (asymmetric) or 16 (symmetric).
    """
    tied = shared_scales.of(model, spans)
    chosen = []
    for number, group in enumerate(tied.groups):
        low, high = spans[group[0]]
        scale, zero = ranges.to_affine(low, high, bits, symmetric=bits == 16, tensor=group[0])
        affine = Affine(scale, zero, bits)
        if number in tied.prescribed:
            affine = shared_scales.in_bits(tied.prescribed[number], bits)
        chosen.append(affine)
    for sums in tied.sums:
        if tied.prescribed.keys().isdisjoint(sums):
            scale = max(chosen[number].scale for number in sums)
            for number in sums:
                if chosen[number].scale > scale * _NARROWEST_ADDEND:
                    chosen[number] = _widened(chosen[number], scale)
    return {
        name: affine for group, affine in zip(tied.groups, chosen, strict=True) for name in group
    }


def _widened(affine: Affine, scale: float) -> Affine:
    """Return an encoding with a larger scale that covers the same range, and more above it."""
    if affine.bits == 16:
        return replace(affine, scale=scale)
    zero = round(affine.lowest - affine.low / scale)
    return replace(affine, scale=scale, zero_point=min(max(zero, affine.lowest), affine.highest))


def layer(
    node: ir.Node,
    input_scale: float,
    *,
    bits: int = 8,
    per_channel: bool = True,
    method: WeightMethod = "max",
) -> Layer:
    """Return the weights of a layer of the quantizable graph, rounded to nearest.

    Scales are widened where the bias would not fit into int32.
    """
    weight, bias = parameters(node)
    axis = weight_layers.output_axis(node)
    name = g.operand(node, 1).name or g.label(node)
    scales = ranges.weight_scales(weight, axis if per_channel else None, bits, method, name)
    least = least_weight_scales(bias, input_scale)
    scales = np.maximum(scales, least if per_channel else least.max())
    return Layer(rounded(weight, scales, axis, bits), scales, axis, bias)


def rounded(weight: np.ndarray, scales: np.ndarray, axis: int, bits: int) -> np.ndarray:
    """Return weights as int8 codes, to nearest, symmetric."""
    shape = [1] * weight.ndim
    shape[axis] = scales.size
    highest = 2 ** (bits - 1) - 1
    codes = np.rint(weight.astype(np.float64) / scales.reshape(shape))
    return np.asarray(np.clip(codes, -highest, highest), np.int8)


def parameters(node: ir.Node) -> tuple[np.ndarray, np.ndarray]:
    """Return weight and bias of a layer: float32, and float64 of shape (output channels,)."""
    weight = g.constant(node.inputs[1])
    if weight is None:
        raise ValueError(f"{g.label(node)!r} is no layer")
    channels = weight.shape[weight_layers.output_axis(node)]
    given = g.constant(node.inputs[2]) if len(node.inputs) > 2 else None
    bias = np.zeros(channels) if given is None else given.astype(np.float64).reshape(-1)
    return weight, np.broadcast_to(bias, (channels,)).copy()


def encodings(
    model: ir.Model,
    spans: Mapping[str, tuple[float, float]],
    *,
    bits: int = 8,
    per_channel: bool = True,
    method: WeightMethod = "max",
    seven_bit: frozenset[str] = frozenset(),
    rescalings: Mapping[str, Rescaling] | None = None,
    floating: ir.Model | None = None,
) -> Encodings:
    """Return the encodings of a quantizable graph, every layer rounded to nearest.

    Args:
        model: the quantizable graph, not rescaled.
        spans: see `activations`.
        bits: of activations; weights have 8.
        per_channel: one scale for each output channel of a weight, else one in all.
        method: how weight scales are chosen.
        seven_bit: names of layers whose weights get 7 bits.
        rescalings: factors to give the layers before they are rounded; ``spans`` are then those
            of the rescaled graph.
        floating: the rescaled graph, where it has been made already.

    Raises:
        RefusedError: a weight or a range is NaN or infinite (reason "not-finite").
    """
    affine = activations(model, spans, bits)
    layers: dict[str, Layer] = {}
    nodes = {}
    rescaled = rescale.apply(model, rescalings or {}) if floating is None else floating
    for node in rescaled.graph:
        source = g.operand(node, 0).name if weight_layers.is_layer(node) else None
        if source not in affine:
            continue
        found = layer(
            node,
            affine[source].scale,
            bits=_weight_bits(str(node.name), seven_bit),
            per_channel=per_channel,
            method=method,
        )
        if quantizable.materialized(node.outputs[0]).name in affine:
            layers[str(node.name)], nodes[str(node.name)] = found, node
    for name, scales in window_scales.shared(rescaled, layers).items():
        own, (weight, _) = layers[name], parameters(nodes[name])
        codes = rounded(weight, scales, own.axis, _weight_bits(name, seven_bit))
        layers[name] = replace(own, weight=codes, scales=scales)
    return Encodings(quantizable.digest(model), affine, layers, rescalings=rescalings or {})


def _weight_bits(name: str, seven_bit: frozenset[str]) -> int:
    return 7 if name in seven_bit else 8
