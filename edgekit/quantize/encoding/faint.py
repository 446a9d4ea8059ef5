"""Answers that are but a few steps of the encoding that the runtimes prescribe for them.

In a softmax over a thousand classes that are all alike, each has less than half of 1/256, which is
0 in integers; so it is with a tanh of small numbers. Such a node stays float32, and with it
whatever only moves its result.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.graph import operators
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize.encoding import shared_scales, unlike
from edgekit.quantize.encoding.unlike import Spans
from edgekit.quantize.ranges import Summary

_FEWEST_STEPS = 8


def prescribed(model: ir.Model) -> frozenset[str]:
    """Return the names of the values whose mean square `values` asks for."""
    nodes = (node for node in model.graph if operators.of(node).prescribed is not None)
    return frozenset(str(node.outputs[0].name) for node in nodes)


def values(
    model: ir.Model, found: Mapping[str, Summary], spans: Spans, bits: int
) -> frozenset[str]:
    """Return the names of values that would be lost in integers.

    Args:
        model: a quantizable graph.
        found: what its values were seen to be.
        spans: low and high by value name; a value without is float32.
        bits: of a stored value.
    """
    lost: set[str] = set()
    for node in model.graph:
        affine, result = operators.of(node).prescribed, str(node.outputs[0].name)
        if affine is not None and result in spans:
            step = shared_scales.in_bits(affine, bits).scale
            least = 10 ** (unlike.LEAST_SQNR_DB / 10) * step**2 / 12
            ends = found[result].extremes
            is_small = max(-ends.low, ends.high) < _FEWEST_STEPS * step
            if is_small or 0 < found[result].mean_square < least:
                lost.update(shared_scales.names_after(node))
    return frozenset(lost)


def kept_float(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return a line for each of these nodes that stays float32 for its answers' sake."""
    stored = encodings.activations
    return [
        f"{g.label(node)} answers with but a few of 256 steps, which leaves nothing of it in "
        "integers: it stays float32"
        for node in model.graph
        if operators.of(node).prescribed is not None
        and str(node.name) not in encodings.float_nodes
        and node.outputs[0].name not in stored
    ]
