"""Climb the ladder only as far as a budget asks, then take out what did not help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from edgekit.errors import UsageError
from edgekit.quantize.budget.score import Score
from edgekit.quantize.candidate import Draft
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.rungs import RUNGS

Change: TypeAlias = Callable[[Recipe], Recipe]

_RANGES = ("mse", "percentile")  # tried where a search starts from minmax


@dataclass(frozen=True)
class TraceStep:
    """One recipe tried, as sidecars and documents keep it: what it bought and cost.

    Attributes:
        action: what was changed: ``start``, ``ranges by METHOD``, ``add RUNG`` or ``drop RUNG``.
        recipe: in the written grammar.
        kept: whether the search went on from it.
        lost_points: see `Score`, and so for the others.
        labelled: likewise.
        agreement_percent: likewise.
        sqnr_db: likewise.
        images: likewise.
        size_bytes: likewise.
        latency: likewise.
    """

    action: str
    recipe: str
    kept: bool
    lost_points: float
    labelled: bool
    agreement_percent: float
    sqnr_db: float | None
    images: int
    size_bytes: int
    latency: dict[str, float | int]

    def document(self) -> dict[str, Any]:
        """Return the step, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Step:
    """One recipe tried.

    Attributes:
        action: what was changed: ``start``, ``add RUNG`` or ``drop RUNG``.
        recipe: the recipe in the written grammar.
        score: what it keeps.
        kept: whether the search went on from it.
        draft: the encodings; None once another one is the better.
    """

    action: str
    recipe: Recipe
    score: Score
    kept: bool
    draft: Draft

    @property
    def traced(self) -> TraceStep:
        """The step for a sidecar or a document."""
        return TraceStep(self.action, self.recipe.text, self.kept, **asdict(self.score))


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a search found.

    Attributes:
        steps: all that was tried, in order.
        chosen: the step whose draft is to be used.
        within: whether it keeps to the budget.
    """

    steps: tuple[Step, ...]
    chosen: Step
    within: bool

    @property
    def trace(self) -> tuple[TraceStep, ...]:
        """The steps as sidecars and documents keep them."""
        return tuple(step.traced for step in self.steps)


def climb(
    start: Recipe,
    max_drop: float,
    build: Callable[[Recipe], Draft],
    score: Callable[[Draft], Score],
) -> Outcome:
    """Add rungs in the ladder's order until the loss is small enough, then drop needless ones.

    Better ranges come first: a recipe that starts with ``minmax`` goes on with ``mse``. A rung
    that makes things worse is left out of the recipes after it.

    Args:
        start: the recipe to start from.
        max_drop: largest loss allowed, in points; see `Score.lost_points`.
        build: carries out a recipe.
        score: judges a draft.

    Raises:
        UsageError: the budget is negative.
    """
    if not max_drop >= 0:  # NaN too
        raise UsageError(f"--max-drop takes points from 0 up, not {max_drop:g}")
    steps: list[Step] = []

    def tried(action: str, recipe: Recipe, better_than: Step | None) -> Step:
        draft = build(recipe)
        found = score(draft)
        kept = better_than is None or _better(found, better_than.score)
        step = Step(action, recipe, found, kept, draft)
        steps.append(step)
        return step

    best = tried("start", start, None)
    for action, change in _ladder(start):
        if best.score.lost_points <= max_drop:
            break
        step = tried(action, change(best.recipe), best)
        best = step if step.kept else best
    within = best.score.lost_points <= max_drop
    if within:
        best = _pruned(best, start, max_drop, build, score, steps)
    return Outcome(tuple(steps), best, within)


def _ladder(start: Recipe) -> list[tuple[str, Change]]:
    changes: list[tuple[str, Change]] = []
    if start.ranges == "minmax":
        changes += [(f"ranges by {name}", partial(_with_ranges, name)) for name in _RANGES]
    absent = [name for name in RUNGS if name not in start.rungs]
    return changes + [(f"add {name}", partial(_with_rung, name)) for name in absent]


def _with_ranges(method: str, recipe: Recipe) -> Recipe:
    return replace(recipe, ranges=method)


def _with_rung(name: str, recipe: Recipe) -> Recipe:
    return recipe.with_rungs((*recipe.rungs, name))


def _pruned(
    best: Step,
    start: Recipe,
    max_drop: float,
    build: Callable[[Recipe], Draft],
    score: Callable[[Draft], Score],
    steps: list[Step],
) -> Step:
    """Drop each added rung but the last one, without which the budget was not kept."""
    added = [name for name in best.recipe.rungs if name not in start.rungs]
    last = steps[-1].action.removeprefix("add ")
    for name in added:
        if name == last:
            continue
        rest = tuple(other for other in best.recipe.rungs if other != name)
        recipe = best.recipe.with_rungs(rest)
        draft = build(recipe)
        found = score(draft)
        kept = found.lost_points <= max_drop
        step = Step(f"drop {name}", recipe, found, kept, draft)
        steps.append(step)
        best = step if kept else best
    return best


def _better(new: Score, old: Score) -> bool:
    """Tell whether a score is an improvement; equal losses are told apart by the noise."""
    if new.lost_points != old.lost_points:
        return new.lost_points < old.lost_points
    return (new.sqnr_db or 1e9) > (old.sqnr_db or 1e9)
