"""What the steps of an encoding are too coarse for, so that it stays float32.

The operand of a softmax in steps of more than one, which a mask of -1e9 asks for; what an offset is
taken from that hides it; results in steps so fine, beside those of what they are computed of, that
the kernels refuse them or compute another number; and what a bound leaves nothing of.
"""

from __future__ import annotations

import math

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import weight_layers
from edgekit.export.integer import quantizable
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize import ranges
from edgekit.quantize.encoding import shared_scales
from edgekit.quantize.encoding.unlike import Spans

_COARSEST_EXPONENT = 1.0
_CANCELLED = 64.0  # steps of a difference in one of what a constant is taken from
_MOST_GAIN = 256.0  # steps of a result in one of an operand's: the runtimes' kernels take less

_BOUNDS = ("Clip", "Relu")


def values(model: ir.Model, spans: Spans, bits: int) -> frozenset[str]:
    """Return the names of values that must not be stored.

    Args:
        model: a quantizable graph.
        spans: low and high by value name, those of tied values united; a value without is float32.
        bits: of a stored value.
    """

    def step(value: ir.Value) -> float:
        low, high = spans[str(value.name)]
        return ranges.to_affine(low, high, bits, symmetric=bits == 16, tensor=str(value.name))[0]

    lost: set[str] = set()
    for node in model.graph:
        result = _stored(node.outputs[0], spans)
        operands = list(weight_layers.dynamic_inputs(node))
        if result is None or any(value.name not in spans for value in operands):
            continue
        if (
            g.is_op(node, *_BOUNDS) and _common(operands[0], result, spans) <= step(operands[0])
        ) or (g.is_op(node, "Softmax") and step(operands[0]) > _COARSEST_EXPONENT):
            lost.add(str(operands[0].name))
        elif g.is_op(node, "GlobalAveragePool", "LeakyRelu", "Mul") and (
            math.prod(map(step, operands)) * _step_of_factor(node) >= _MOST_GAIN * step(result)
        ):
            lost.add(str(result.name))
        elif g.is_op(node, "Add", "Sub") and result is not node.outputs[0]:  # a clip cuts it off
            if max(map(step, operands)) >= _MOST_GAIN * step(result):
                lost.add(str(result.name))
        elif g.is_op(node, "Add", "Sub") and len(operands) == 1:
            lost |= {str(v.name) for v in operands if step(v) > _CANCELLED * step(result)}
    groups = shared_scales.of(model, spans).groups if lost else ()
    return frozenset(name for group in groups if not lost.isdisjoint(group) for name in group)


def _stored(value: ir.Value, spans: Spans) -> ir.Value | None:
    """Return what is stored of a value: itself, or what bounds it, which runtimes fuse."""
    reader = g.sole_consumer(value)
    if value.name not in spans and g.is_op(reader, *_BOUNDS) and reader is not None:
        value = reader.outputs[0]
    return value if value.name in spans else None


def _common(operand: ir.Value, result: ir.Value, spans: Spans) -> float:
    """Return how wide a range two values have in common: ONNX Runtime joins such encodings."""
    low, high = zip(spans[str(operand.name)], spans[str(result.name)], strict=True)
    return min(high) - max(low)


def layers(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return the names of layers whose products' steps are too coarse for those of their result."""
    stored, found = encodings.activations, []
    for node in model.graph:
        layer = encodings.layers.get(str(node.name))
        if layer is None:
            continue
        source = stored.get(str(g.operand(node, 0).name))
        result = stored.get(str(quantizable.materialized(node.outputs[0]).name))
        if source is not None and result is not None:
            gain = source.scale * float(layer.scales.max()) / result.scale
            found += [str(node.name)] if gain >= _MOST_GAIN else []
    return found


def kept_float(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return a line for each softmax that stays float32 for the sake of what it reads."""
    stored = encodings.activations
    return [
        f"{g.label(node)} stays float32, and so does what it reads, which reaches too far for 8 "
        "bits, as a mask does"
        for node in model.graph
        if g.is_op(node, "Softmax")
        and g.operand(node, 0).name not in stored
        and node.outputs[0].name in stored
    ]


def _step_of_factor(node: ir.Node) -> float:
    """Return one step of the constant that a node multiplies by; 1 where there is none."""
    arrays = [array for value in node.inputs if (array := g.constant(value)) is not None]
    if not arrays:
        return 1.0
    return (max(0.0, float(arrays[0].max())) - min(0.0, float(arrays[0].min()))) / 255
