"""Values of so unlike a size that one scale for all of them would leave nothing of the small ones.

Boxes in pixels beside scores from 0 to 1: in steps that reach to the largest box, every score is
0. So is every pixel beside a border of -1e9, and every number to which a mask adds that. Such a
node stays float32, and with it whatever only moves its result. Each operand keeps an encoding of
its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from edgekit.export.graph import nodes as g
from edgekit.export.integer import quantizable
from edgekit.export.integer.encodings import Encodings
from edgekit.quantize import ranges
from edgekit.quantize.encoding import shared_scales
from edgekit.quantize.ranges import Summary

LEAST_SQNR_DB = 20.0
"""Of each operand in steps of the common scale, rounding alone."""

_WIDER, _FAR_WIDER = 2.0, 64.0
"""Than its own: else the common scale is not to blame. A sum may be far wider than one of its terms
and still be all that is wanted."""

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
        The result of the last node with an operand that would be lost, and what shares its scale
        after it; empty if there is none.
    """
    for node in reversed(model.graph):
        result = str(node.outputs[0].name)
        if result in spans:
            wider = _WIDER if g.is_op(node, "Concat", "Pad") else _FAR_WIDER
            low, high = spans[result]
            step, _ = ranges.to_affine(low, high, bits, symmetric=bits == 16, tensor=result)
            least = 10 ** (LEAST_SQNR_DB / 10) * step**2 / 12
            for mean_square, width in _operands(node, found):
                if 0 < mean_square < least and high - low > wider * width:
                    return frozenset(shared_scales.names_after(node))
    return frozenset()


def joined(model: ir.Model) -> frozenset[str]:
    """Return the names of the values whose mean square `drowned` asks for."""
    return frozenset(str(value.name) for node in model.graph for value in _joined(node))


def kept_float(model: ir.Model, encodings: Encodings) -> list[str]:
    """Return a line for each of these nodes that stays float32 for its operands' sake."""
    stored, lines = encodings.activations, []
    for node in model.graph:
        parts = [stored[str(v.name)] for v in _joined(node) if v.name in stored]
        if parts and quantizable.materialized(node.outputs[0]).name not in stored:
            sizes = [max(-affine.low, affine.high) for affine in parts]
            sizes += [float(np.abs(array).max()) for array in _constants(node)]
            lines.append(
                f"{g.label(node)} joins values of unlike size (up to {min(sizes):.3g} and up to "
                f"{max(sizes):.3g}), which cannot share one scale: it stays float32, and so does "
                "what reads it"
            )
    return lines


def _joined(node: ir.Node) -> list[ir.Value]:
    """Return what one scale would have to hold: operands that are joined, or meet a constant."""
    if g.is_op(node, "Concat"):
        return [value for value in node.inputs if value is not None]
    if g.is_op(node, "Pad"):
        return [g.operand(node, 0)]
    terms = _terms(node)
    computed = [value for value in terms if g.constant(value) is None]
    return computed if len(computed) < len(terms) else []


def _terms(node: ir.Node) -> list[ir.Value]:
    if g.is_op(node, "Add", "Sub", "Where"):
        return [value for value in node.inputs[-2:] if value is not None]
    return []


def _constants(node: ir.Node) -> Iterator[np.ndarray]:
    given = node.inputs[2:3] if g.is_op(node, "Pad") else _terms(node)
    return (array for value in given if (array := g.constant(value)) is not None)


def _operands(node: ir.Node, found: Mapping[str, Summary]) -> Iterator[tuple[float, float]]:
    """Yield the mean square of each value that is joined, and how wide its range is."""
    for value in _joined(node):
        array = g.constant(value)
        if array is not None:
            square = float(np.square(array, dtype=np.float64).mean())
            yield square, max(float(array.max()), 0.0) - min(float(array.min()), 0.0)
        elif (summary := found.get(str(value.name))) is not None:
            ends = summary.extremes
            yield summary.mean_square, max(ends.high, 0.0) - min(ends.low, 0.0)
