"""See which values a network computes on the calibration images, in a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from edgekit.errors import RefusedError
from edgekit.quantize import ranges
from edgekit.quantize.encoding import shared_scales
from edgekit.quantize.ranges import Extremes, Histogram, Method, Summary
from edgekit.quantize.running.session import GraphSession

Feeds: TypeAlias = Callable[[], Iterable[Mapping[str, np.ndarray]]]
"""Starts a new pass over the calibration samples, one set of inputs at a time."""


def summaries(model: ir.Model, feeds: Feeds, method: Method) -> dict[str, Summary]:
    """Return what ``method`` needs to know of every encodable value of a quantizable graph.

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
    extremes = {name: Extremes(name) for name in names}
    for feed in feeds():
        for name, values in session.run(feed).items():
            extremes[name] = extremes[name].plus(float(values.min()), float(values.max()))
    if not method.needs_histogram:
        return {name: Summary(found) for name, found in extremes.items()}
    histograms = {name: Histogram(name, e.low, e.high) for name, e in extremes.items()}
    for feed in feeds():
        for name, values in session.run(feed).items():
            histograms[name].add(values)
    return {name: Summary(extremes[name], histograms[name]) for name in names}


def group_ranges(
    model: ir.Model, found: Mapping[str, Summary], method: Method, bits: int
) -> dict[str, tuple[float, float]]:
    """Return low and high of every encodable value; tied values share the union of theirs.

    The network's outputs are never clipped: the largest score is the answer.
    """
    outputs = {value.name for value in model.graph.outputs}
    result = {}
    for group in shared_scales.of(model).groups:
        whole = not outputs.isdisjoint(group)
        chosen = ranges.get("minmax") if whole else method
        each = [chosen.range_of(found[name], bits, symmetric=bits == 16) for name in group]
        span = min(low for low, _ in each), max(high for _, high in each)
        result.update(dict.fromkeys(group, span))
    return result
