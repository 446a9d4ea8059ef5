"""Every rewrite rule on graphs that it must leave alone, or must do right although they differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import onnx
import pytest

from edgekit.export import lowering
from edgekit.export.rewriting.choices import Choices
from tests.specimens import graphs, judged
from tests.specimens.rules import SPECIMENS, near_misses
from tests.specimens.rules.canonical import CASES
from tests.specimens.rules.further_away import FURTHER_AWAY, REFUSED
from tests.specimens.rules.further_integers import QUANTIZED

FORMS = {name: case for name, case in CASES.items() if ":" in name}
FLOAT = {rule.name for rule in (*lowering.CANONICAL, *lowering.TFLITE.rules)}
OPTIONAL = {
    rule.name for menu in (lowering.TFLITE, lowering.ONNXRUNTIME) for rule in menu.alternatives
}


A_SHARE = pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
"""Every third graph is judged; all of them, which takes minutes, where slow tests run."""


def _some(model: onnx.ModelProto, every: int) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Yield variants that have one right answer: the first of each `every`."""
    certain = (each for each in near_misses.of(model) if judged.is_certain(each[1]))
    return itertools.islice(certain, 0, None, every)


@A_SHARE
@pytest.mark.parametrize("name", SPECIMENS)
def test_rule_is_right_one_step_away_from_its_specimen(name: str, every: int) -> None:
    specimen = SPECIMENS[name]
    chosen = Choices(added=(name,) if name in OPTIONAL else ())
    faults, tried = [], 0
    for words, model in _some(graphs.proto(specimen.text, **specimen.constants), every):
        tried += 1
        integers = name not in FLOAT | OPTIONAL
        verdicts = judged.judge(model, chosen, integers=integers)
        faults += [(words, verdict) for verdict in verdicts if verdict.is_fault]
    assert faults == []
    assert tried


@A_SHARE
@pytest.mark.parametrize("name", FORMS)
def test_rule_is_right_one_step_away_from_another_form(name: str, every: int) -> None:
    text, constants, _ = FORMS[name]
    variants = [*_some(graphs.proto(text, **constants), every)]
    assert variants
    assert [
        (words, verdict)
        for words, model in variants
        for verdict in judged.judge(model, Choices(), integers=False)
        if verdict.is_fault
    ] == []


@pytest.mark.parametrize("name", FURTHER_AWAY)
def test_rule_is_right_where_its_specimen_says_nothing(name: str) -> None:
    text, constants = FURTHER_AWAY[name]
    rule = name.partition(":")[0]
    chosen = Choices(added=(rule,) if rule in OPTIONAL else ())
    integers = name in QUANTIZED
    verdicts = judged.judge(graphs.proto(text, **constants), chosen, integers=integers)
    wrong = [verdict for verdict in verdicts if verdict.outcome != "right"]
    if name in REFUSED:
        said = {(each.form, each.outcome, each.detail.partition(":")[0]) for each in wrong}
        assert said == {("tflite", "refused", REFUSED[name])}
    else:
        assert wrong == []
    assert verdicts
