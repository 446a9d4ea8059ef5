"""The search for the shortest recipe within a budget of accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgekit.errors import UsageError
from edgekit.quantize import Recipe, recipe, rungs
from edgekit.quantize.budget import climb as search
from edgekit.quantize.budget.score import Score


def scored(lost: float, sqnr_db: float = 20.0) -> Score:
    return Score(lost, True, 99.0, sqnr_db, 100, 1000, {})


class Bench:
    """Builds nothing and judges by what a recipe says; notes what was asked."""

    def __init__(self, lost_by: Callable[[Recipe], float]) -> None:
        self.asked: list[str] = []
        self._lost_by = lost_by

    def build(self, what: Recipe) -> Any:
        self.asked.append(what.text)
        return what

    def score(self, draft: Any) -> Score:
        return scored(self._lost_by(draft))

    def climb(self, start: str, max_drop: float) -> search.Outcome:
        return search.climb(recipe.get(start), max_drop, self.build, self.score)


def test_a_start_within_the_budget_is_the_answer() -> None:
    bench = Bench(lambda _: 0.4)
    outcome = bench.climb("minmax", 0.5)
    assert bench.asked == ["minmax"]
    assert (outcome.within, outcome.chosen.recipe.text) == (True, "minmax")
    assert [step.action for step in outcome.steps] == ["start"]


def test_the_search_stops_at_the_first_recipe_within_the_budget() -> None:
    bench = Bench(lambda what: 3.0 - 2.9 * ("equalize" in what.rungs))
    outcome = bench.climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("equalize",)
    assert bench.asked[-1] == outcome.chosen.recipe.text
    assert not any("bias" in text for text in bench.asked)


def test_what_makes_things_worse_is_left_out_afterwards() -> None:
    def lost(what: Recipe) -> float:
        return 3 + 2 * ("equalize" in what.rungs) - 2.9 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("bias",)
    (worse,) = [step for step in outcome.steps if step.action == "add equalize"]
    assert not worse.kept
    after = outcome.steps[outcome.steps.index(worse) + 1 :]
    assert all("equalize" not in step.recipe.rungs for step in after)


def test_what_did_not_help_enough_is_pruned() -> None:
    """Equalization gains a little, but the bias alone keeps the budget."""

    def lost(what: Recipe) -> float:
        return 3 - 0.1 * ("equalize" in what.rungs) - 2.6 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.within
    assert outcome.chosen.recipe.rungs == ("bias",)
    (dropped,) = [step for step in outcome.steps if step.action == "drop equalize"]
    assert dropped.kept
    assert outcome.chosen is dropped


def test_what_is_needed_is_not_pruned_and_what_was_asked_for_stays() -> None:
    def lost(what: Recipe) -> float:
        return 3 - 1.3 * ("equalize" in what.rungs) - 1.3 * ("bias" in what.rungs)

    outcome = Bench(lost).climb("minmax", 0.5)
    assert outcome.chosen.recipe.rungs == ("equalize", "bias")
    (kept,) = [step for step in outcome.steps if step.action == "drop equalize"]
    assert not kept.kept

    asked = Bench(lambda what: 3 - 2.9 * ("bias" in what.rungs)).climb("auto+equalize", 0.5)
    assert asked.chosen.recipe.rungs == ("equalize", "bias")
    assert not any(step.action.startswith("drop") for step in asked.steps)


def test_a_budget_that_no_rung_keeps_is_reported_with_the_best() -> None:
    outcome = Bench(lambda what: 9 - ("equalize" in what.rungs)).climb("auto", 0.5)
    assert not outcome.within
    assert outcome.chosen.recipe.rungs == ("equalize",)
    assert [step.action for step in outcome.steps] == [
        "start", *(f"add {name}" for name in rungs.RUNGS)
    ]  # fmt: skip


def test_equal_losses_are_told_apart_by_the_noise() -> None:
    scores = iter([scored(1, 20), scored(1, 25), scored(1, 22), *[scored(1, 20)] * 9])
    outcome = search.climb(recipe.get("minmax"), 0.5, lambda what: what, lambda _: next(scores))  # type: ignore[arg-type, return-value]
    assert [step.kept for step in outcome.steps][:3] == [True, True, False]


@pytest.mark.parametrize("budget", [-0.1, float("nan")])
def test_a_budget_is_not_negative(budget: float) -> None:
    with pytest.raises(UsageError, match="--max-drop takes points from 0 up"):
        Bench(lambda _: 0).climb("minmax", budget)


def test_steps_say_in_json_what_they_bought() -> None:
    outcome = Bench(lambda _: 0.25).climb("minmax", 0.5)
    (step,) = (each.document() for each in outcome.trace)
    assert (step["action"], step["recipe"], step["kept"]) == ("start", "minmax", True)
    assert (step["lost_points"], step["images"], step["latency"]) == (0.25, 100, {})
