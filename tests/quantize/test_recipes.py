"""Recipes: names, the grammar of their texts, files, and what they limit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError, UsageError
from edgekit.quantize import Context, Recipe, build, ranges, recipe, rungs
from tests.specimens import integers
from tests.specimens.drawn.harmed import FEEDS, SOUND


def test_operators_are_part_of_a_recipe_in_writing() -> None:
    found = recipe.get("fast@Gemm, Conv")
    assert found.operators == {"Conv", "Gemm"}
    assert recipe.parse(found.text).operators == found.operators
    assert found.text == f"{recipe.NAMED['fast'].text}@Conv,Gemm"


RECIPES = st.builds(
    lambda method, kind, names: Recipe("r", method, kind, tuple(names)),
    st.sampled_from(["auto", *ranges.METHODS]),
    st.sampled_from(["max", "mse"]),
    st.lists(st.sampled_from(list(rungs.RUNGS)), unique=True),
)


@given(wanted=RECIPES)
def test_a_recipe_is_what_its_text_says(wanted: Recipe) -> None:
    again = recipe.get(wanted.text)
    assert dataclasses.replace(again, name="r") == wanted
    assert again.text == wanted.text
    assert again.name == wanted.text


def test_named_recipes_are_texts_of_the_grammar() -> None:
    for name, found in recipe.NAMED.items():
        assert recipe.get(name) == found
        assert dataclasses.replace(recipe.parse(found.text), name=name, samples=found.samples) == (
            found
        )


def test_rungs_are_put_in_the_order_of_the_ladder() -> None:
    assert recipe.parse("mse + bias + equalize").text == "mse+equalize+bias"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("defualt", "did you mean default"),
        ("minimax", "did you mean minmax"),
        ("minmax+equal", "did you mean equalize"),
        ("minmax+bais", "did you mean bias"),
        ("minmax:mze", "did you mean mse"),
        ("", "unknown recipe"),
        ("+bias", "unknown recipe"),
        ("minmax+", "unknown rung"),
    ],
)
def test_unknown_words_get_help(text: str, says: str) -> None:
    with pytest.raises(UnknownNameError, match=says):
        recipe.get(text)


def toml(folder: Path, text: str) -> str:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return str(folder / "mine.toml")


def test_a_toml_file_says_all_that_a_recipe_is(tmp_path: Path) -> None:
    text = """
        name = "careful"
        ranges = "mse"
        weights = "mse"
        rungs = ["bias", "equalize"]
        per_channel = false
        activation_bits = 16
        samples = 12
        seven_bit = ["first"]
        operators = ["Conv", "Gemm"]
    """
    assert recipe.get(toml(tmp_path, text)) == Recipe(
        "careful", "mse", "mse", ("equalize", "bias"), False, 16, 12, frozenset({"first"}),
        frozenset({"Conv", "Gemm"}),
    )  # fmt: skip
    assert recipe.get(toml(tmp_path, "")) == Recipe("mine.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ranges = ", "is not TOML"),
        ("rungz = []", "no key 'rungz'"),
        ("rungs = 'bias'", "rungs is a list"),
        ("rungs = [1]", "rungs is a list of names"),
        ("ranges = 3", "ranges is a string"),
        ("samples = true", "samples is a number"),
        ("samples = 1.5", "samples is a number"),
        ("per_channel = 1", "per_channel is a boolean"),
    ],
)
def test_bad_recipe_files_are_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=says) as caught:
        recipe.get(toml(tmp_path, text))
    assert (caught.value.reason_code, caught.value.exit_code) == ("bad-recipe", 4)


def test_other_faults_of_recipe_files(tmp_path: Path) -> None:
    with pytest.raises(InvalidPathError, match="cannot read the recipe"):
        recipe.get(str(tmp_path / "missing.toml"))
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError, match="is not TOML"):
        recipe.get(str(tmp_path / "mine.toml"))
    with pytest.raises(UnknownNameError, match="did you mean mse"):
        recipe.get(toml(tmp_path, "ranges = 'mze'"))
    with pytest.raises(UsageError, match="8 or 16 bits"):
        recipe.get(toml(tmp_path, "activation_bits = 12"))
    with pytest.raises(UsageError, match="1 calibration sample or more"):
        recipe.get(toml(tmp_path, "samples = 0"))


def test_a_recipe_uses_no_more_samples_than_it_says() -> None:
    shown: list[int] = []

    def feeds() -> Iterator[Mapping[str, np.ndarray]]:
        for number, feed in enumerate(FEEDS):
            shown.append(number)
            yield feed

    few = dataclasses.replace(recipe.parse("minmax"), samples=2)
    context = Context(feeds, len(FEEDS), True, lambda _: None)
    limited = build(SOUND, few, context)
    taken = integers.drafted(SOUND, [FEEDS[0], FEEDS[4]])
    assert limited.encodings.activations == taken.encodings.activations
