"""See which values a network computes on the calibration images, in a stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.quantize import ranges
from edgekit.quantize.encoding import coarse, faint, shared_scales, unlike
from edgekit.quantize.ranges import Extremes, Histogram, Method, Summary
from edgekit.quantize.running import infinities
from edgekit.quantize.running.session import Arrays, GraphSession

Feeds: TypeAlias = Callable[[], Iterable[Mapping[str, np.ndarray]]]
"""Starts a new pass over the calibration samples, one set of inputs at a time."""


def summaries(model: ir.Model, feeds: Feeds, method: Method) -> dict[str, Summary]:
    """Return what ``method`` needs to know of every encodable value of a quantizable graph.

    A value that a constant makes infinite, as a mask does, is left out.

    One pass over the samples for their extremes, a second for histograms where the method needs
    them. Memory does not grow with the number of samples.

    Raises:
        RefusedError: a value is NaN or infinite (reason "not-finite"), or no operator of the
            graph has an integer form (reason "nothing-to-quantize").
    """
    names = [str(value.name) for value in shared_scales.encodable(model)]
    if not names:
        raise RefusedError(
            "this network has no operator that computes on integers: leave it in float32",
            reason_code="nothing-to-quantize",
        )
    session = GraphSession(model, names)
    joined = unlike.joined(model) | faint.prescribed(model)
    extremes = {name: Extremes(name) for name in names}
    squares = dict.fromkeys(joined & set(names), 0.0)

    def look(values: Arrays) -> dict[str, _Seen]:
        return {name: _seen(array, name in squares) for name, array in values.items()}

    may_be_infinite, infinite = infinities.allowed(model), set[str]()
    for found in session.seen(feeds(), look):
        for name, (low, high, count, square) in found.items():
            if name in may_be_infinite and not (math.isfinite(low) and math.isfinite(high)):
                infinite.add(name)
                continue
            extremes[name] = extremes[name].plus(low, high, count)
            if name in squares:
                squares[name] += square
    for name in infinite:
        del extremes[name]
    mean = {n: total / extremes[n].images for n, total in squares.items() if n in extremes}
    histograms: dict[str, Histogram] = {}
    if method.needs_histogram:
        histograms = {name: Histogram(name, e.low, e.high) for name, e in extremes.items()}
        for values in session.run_each(feeds()):
            for name, histogram in histograms.items():
                histogram.add(values[name])
    return {
        name: Summary(extremes[name], histograms.get(name), mean.get(name, math.inf))
        for name in names
        if name in extremes
    }


_Seen: TypeAlias = tuple[float, float, int, float]


def _seen(values: np.ndarray, is_joined: bool) -> _Seen:
    """Return extremes and size of a value of one sample, and its mean square where asked for."""
    square = float(np.square(values, dtype=np.float64).mean()) if is_joined else 0.0
    return float(values.min()), float(values.max()), values.size, square


def group_ranges(
    model: ir.Model, found: Mapping[str, Summary], method: Method, bits: int
) -> dict[str, tuple[float, float]]:
    """Return low and high of every value to store as integers; tied values share the union.

    The network's outputs are never clipped: the largest score is the answer. Nor are its inputs, by
    more than rounding: an image darker than the typical one is no outlier. What cannot share one
    scale has no range, nor what it would leave nothing of; see `unlike`, `faint` and `coarse`
    of `edgekit.quantize.encoding`.
    """
    inputs, outputs = ({v.name for v in ends} for ends in (model.graph.inputs, model.graph.outputs))
    left_out: frozenset[str] = frozenset()

    def span_of(group: Iterable[str], chosen: Method) -> tuple[float, float]:
        each = [chosen.range_of(found[name], bits, symmetric=bits == 16) for name in group]
        return min(low for low, _ in each), max(high for _, high in each)

    while True:
        stored = found.keys() - left_out
        result = {}
        for group in shared_scales.of(model, stored).groups:
            whole = span_of(group, ranges.get("minmax"))
            span = whole if not outputs.isdisjoint(group) else span_of(group, method)
            half_step = (whole[1] - whole[0]) / (2 * (2**bits - 1))
            if not inputs.isdisjoint(group) and _beyond(span, whole) > half_step:
                span = whole
            result.update(dict.fromkeys(group, span))
        lost = unlike.drowned(model, found, result, bits)
        lost |= faint.values(model, found, result, bits) | coarse.values(model, result, bits)
        if not lost:
            return result
        left_out |= lost


def _beyond(span: tuple[float, float], whole: tuple[float, float]) -> float:
    """Return by how much, at most, a range leaves out what another one holds."""
    return max(span[0] - whole[0], whole[1] - span[1])
