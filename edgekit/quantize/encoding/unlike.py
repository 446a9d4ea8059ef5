"""Values of so unlike a size that one scale for all of them would leave nothing of the small ones.

Boxes in pixels beside scores from 0 to 1: in steps that reach to the largest box, every score is
0. Such a concatenation stays float32, and with it whatever only moves its result. Each operand
keeps an encoding of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize import ranges
from edgekit.quantize.encoding import shared_scales
from edgekit.quantize.ranges import Summary

LEAST_SQNR_DB = 20.0
"""Of each operand in steps of the common scale, rounding alone."""

_WIDER = 2.0  # than its own: else the common scale is not to blame

Spans = Mapping[str, tuple[float, float]]


def drowned(
    model: ir.Model, found: Mapping[str, Summary], spans: Spans, bits: int
) -> frozenset[str]:
    """Return the names of values that must not be stored under their common scale.

    Args:
        model: a quantizable graph.
        found: what its values were seen to be.
        spans: low and high by value name, those of tied values united; a value without is float32.
        bits: of a stored value.

    Returns:
        The result of the last concatenation with an operand that would be lost, and what shares
        its scale after it; empty if there is none.
    """
    for node in reversed(model.graph):
        result = str(node.outputs[0].name)
        if g.is_op(node, "Concat") and result in spans:
            low, high = spans[result]
            step, _ = ranges.to_affine(low, high, bits, symmetric=bits == 16, tensor=result)
            least = 10 ** (LEAST_SQNR_DB / 10) * step**2 / 12
            for mean_square, width in _operands(node, found):
                if 0 < mean_square < least and high - low > _WIDER * width:
                    return frozenset(_after(node))
    return frozenset()


def joined(model: ir.Model) -> frozenset[str]:
    """Return the names of the values whose mean square `drowned` asks for."""
    nodes = (node for node in model.graph if g.is_op(node, "Concat"))
    return frozenset(
        str(value.name) for node in nodes for value in node.inputs if value is not None
    )


def kept_float(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return a line for each concatenation that stays float32 for its operands' sake."""
    stored, lines = encodings.activations, []
    for node in model.graph:
        parts = [stored[str(v.name)] for v in node.inputs if v is not None and v.name in stored]
        result = node.outputs[0]
        if g.is_op(node, "Concat") and parts and result.name not in stored:
            sizes = sorted(max(-affine.low, affine.high) for affine in parts)
            lines.append(
                f"{g.label(node)} joins values of unlike size (up to {sizes[0]:.3g} and up to "
                f"{sizes[-1]:.3g}), which cannot share one scale: it stays float32, and so does "
                "what reads it"
            )
    return lines


def _operands(node: ir.Node, found: Mapping[str, Summary]) -> Iterator[tuple[float, float]]:
    """Yield the mean square of each operand of a concatenation, and how wide its range is."""
    for value in node.inputs:
        array = g.constant(value)
        if array is not None and array.size:
            square = float(np.square(array, dtype=np.float64).mean())
            yield square, max(float(array.max()), 0.0) - min(float(array.min()), 0.0)
        elif value is not None and (summary := found.get(str(value.name))) is not None:
            ends = summary.extremes
            yield summary.mean_square, max(ends.high, 0.0) - min(ends.low, 0.0)


def _after(node: ir.Node) -> Iterator[str]:
    """Yield the names of a node's results and of all that share a scale with them later on."""
    for value in node.outputs:
        yield str(value.name)
        for use in value.uses():
            if shared_scales.shares_scale(use.node):
                yield from _after(use.node)
