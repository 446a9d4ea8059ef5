"""Softmaxes whose largest answer is but a few steps of the encoding that the runtimes prescribe.

Over a thousand classes that are all alike, each has less than half of 1/256, which is 0 in
integers. Such a softmax stays float32, and with it whatever only moves its result.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize.encoding import shared_scales

_FEWEST_STEPS = 8


def values(model: ir.Model, spans: Mapping[str, tuple[float, float]], bits: int) -> frozenset[str]:
    """Return the names of values that would be lost in integers.

    Args:
        model: a quantizable graph.
        spans: low and high by value name; a value without is float32.
        bits: of a stored value.
    """
    found: set[str] = set()
    for node in model.graph:
        prescribed, result = operators.of(node).prescribed, str(node.outputs[0].name)
        if g.is_op(node, "Softmax") and prescribed is not None and result in spans:
            step = shared_scales.in_bits(prescribed, bits).scale
            if spans[result][1] < _FEWEST_STEPS * step:
                found.update(shared_scales.names_after(node))
    return frozenset(found)


def kept_float(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return a line for each of these nodes that stays float32 for its answers' sake."""
    stored = encodings.activations
    return [
        f"{g.label(node)} answers with less than {_FEWEST_STEPS} of 256 steps, which leaves "
        "nothing of it in integers: it stays float32"
        for node in model.graph
        if g.is_op(node, "Softmax")
        and str(node.name) not in encodings.float_nodes
        and node.inputs[0] is not None
        and node.inputs[0].name in stored
        and node.outputs[0].name not in stored
    ]
