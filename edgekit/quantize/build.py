"""From a quantizable graph, a recipe and samples to a draft."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.export import quantizable
from edgekit.export.encodings import Encodings
from edgekit.quantize import encode, observe, ranges, rungs
from edgekit.quantize.draft import Context, Draft
from edgekit.quantize.recipe import Recipe


def build(graph: ir.Model, recipe: Recipe, context: Context) -> Draft:
    """Carry out a recipe.

    Args:
        graph: the quantizable graph.
        recipe: what to do.
        context: the samples, and what else a rung works with.

    Raises:
        RefusedError: a weight or a value is NaN or infinite (reason "not-finite").
    """
    kept = _limited(context, recipe)
    chosen = [rungs.get(name) for name in recipe.rungs]
    draft = Draft(graph, Encodings(quantizable.digest(graph), {}, {}))
    for rung in chosen:
        if rung.stage == rungs.BEFORE_RANGES:
            context.say(rung.purpose)
            draft = rung.apply(draft, kept)
    context.say(f"ranges by {recipe.ranges}")
    method = ranges.get(recipe.ranges)
    floating = draft.floating()
    found = observe.summaries(floating, kept.samples, method)
    spans = observe.group_ranges(floating, found, method, recipe.activation_bits)
    draft = replace(
        draft,
        encodings=encode.encodings(
            graph,
            spans,
            bits=recipe.activation_bits,
            per_channel=recipe.per_channel,
            method=recipe.weights,
            seven_bit=recipe.seven_bit,
            rescalings=draft.encodings.rescalings,
        ),
    )
    for rung in chosen:
        if rung.stage == rungs.AFTER_ROUNDING:
            context.say(rung.purpose)
            draft = rung.apply(draft, kept)
    return draft


def _limited(context: Context, recipe: Recipe) -> Context:
    """Return the context with no more samples than the recipe asks for, evenly spaced."""
    most = recipe.samples
    if most is None or most >= context.count:
        return context
    places = {number * context.count // most for number in range(most)}

    def start() -> Iterator[Mapping[str, np.ndarray]]:
        chosen = (number in places for number in itertools.count())
        return itertools.compress(context.samples(), chosen)

    return replace(context, samples=start, count=most)
