"""From a quantizable graph, a recipe and samples to a draft."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from edgekit.export.integer import quantizable
from edgekit.export.integer.encodings import Encodings
from edgekit.progress import Step
from edgekit.quantize import ranges, rungs
from edgekit.quantize.analysis import sensitivity
from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.encoding import affine_choice, coarse, float_by_default
from edgekit.quantize.ranges import Method, Summary
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.rungs import Rung
from edgekit.quantize.running import memory, observe
from edgekit.quantize.running.session import GraphSession

AUTO = ("minmax", "moving-average")
"""What ``auto`` chooses between: both need the first pass alone."""

_JUDGED = 8  # samples by which it chooses


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
    before = [rung for rung in map(rungs.get, recipe.rungs) if rung.stage == rungs.BEFORE_RANGES]
    after = _walks(rung for rung in map(rungs.get, recipe.rungs) if rung not in before)
    stages = _Stages(kept, len(before) + 1 + len(after))
    draft = Draft(graph, Encodings(quantizable.digest(graph), {}, {}))
    for rung in before:
        draft = rung.apply(draft, stages.begin(rung.purpose))
    names = AUTO if recipe.ranges == "auto" else (recipe.ranges,)
    methods = [ranges.get(name) for name in names]
    kept = stages.begin(f"ranges by {recipe.ranges}")
    floating = draft.floating()
    found = observe.summaries(floating, kept.samples, methods[0])
    drafts = [_encoded(draft, floating, recipe, found, method) for method in methods]
    draft = drafts[0] if len(drafts) == 1 else _closest(drafts, kept)
    for several in after:
        stage = stages.begin(rungs.purpose_of(several))
        if several[0].at_layer is None:
            (rung,) = several
            draft = rung.apply(draft, stage)
        else:
            draft = rungs.together(several, draft, stage)
    return draft


def _walks(ladder: Iterable[Rung]) -> list[list[Rung]]:
    """Put rungs together that go from layer to layer and follow each other."""
    found: list[list[Rung]] = []
    for rung in ladder:
        if found and rung.at_layer is not None and found[-1][-1].at_layer is not None:
            found[-1].append(rung)
        else:
            found.append([rung])
    return found


class _Stages:
    """Says of each step of a recipe which it is, and of how many."""

    def __init__(self, context: Context, total: int) -> None:
        self._context, self._total, self._begun = context, total, 0

    def begin(self, purpose: str) -> Context:
        """Say what the next step is for; return the context whose words are of that step."""
        memory.let_go()
        self._begun += 1
        place = f"step {self._begun} of {self._total}, "

        def say(what: Step | str) -> None:
            if isinstance(what, Step):
                self._context.say(replace(what, activity=place + what.activity))
            else:
                self._context.say(place + what)

        said = replace(self._context, say=say)
        said.say(purpose)
        return said


def _encoded(
    draft: Draft, floating: ir.Model, recipe: Recipe, found: Mapping[str, Summary], method: Method
) -> Draft:
    """Encode with one method's ranges, weights to nearest."""
    spans = observe.group_ranges(floating, found, method, recipe.activation_bits)
    encodings = affine_choice.encodings(
        draft.graph,
        spans,
        bits=recipe.activation_bits,
        per_channel=recipe.per_channel,
        method=recipe.weights,
        seven_bit=recipe.seven_bit,
        rescalings=draft.encodings.rescalings,
        floating=floating,
    )
    kept = recipe.operators
    if kept is None:
        others, _ = float_by_default.of(draft.graph)
    else:
        others = [n.name or "" for n in draft.graph.graph if n.op_type not in kept]
    others += coarse.layers(draft.graph, encodings)
    return replace(draft, encodings=encodings).with_float(others)


def _closest(drafts: Sequence[Draft], context: Context) -> Draft:
    """Return the draft whose outputs, once biases are corrected, come closest to float32."""
    samples = context.few(_JUDGED)
    few = replace(context, samples=lambda: samples, count=len(samples), say=lambda _: None)
    names = [str(value.name) for value in drafts[0].graph.graph.outputs]
    truth = _outputs(drafts[0].graph, samples)

    def closeness(draft: Draft) -> float:
        corrected = rungs.get("bias").apply(draft, few)
        return sensitivity.sqnr_db(truth, _outputs(corrected.simulation(), samples), names)

    return max(drafts, key=closeness)


def _outputs(
    graph: ir.Model, samples: Sequence[Mapping[str, np.ndarray]]
) -> dict[str, list[np.ndarray]]:
    """Return the outputs of every sample, by name; a rounded one under its plain name."""
    answers = list(GraphSession(graph).run_each(samples))
    return {name.removesuffix("_dequantized"): [a[name] for a in answers] for name in answers[0]}


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
