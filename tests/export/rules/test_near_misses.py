"""Every rewrite rule on graphs that it must leave alone, or must do right although they differ."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", SPECIMENS)
def test_rule_is_right_one_step_away_from_its_specimen(name: str) -> None:
    specimen = SPECIMENS[name]
    chosen = Choices(added=(name,) if name in OPTIONAL else ())
    faults, tried = [], 0
    for words, model in near_misses.of(graphs.proto(specimen.text, **specimen.constants)):
        if not judged.is_certain(model):
            continue
        tried += 1
        integers = name not in FLOAT | OPTIONAL
        verdicts = judged.judge(model, chosen, integers=integers)
        faults += [(words, verdict) for verdict in verdicts if verdict.is_fault]
    assert faults == []
    assert tried


@pytest.mark.parametrize("name", FORMS)
def test_rule_is_right_one_step_away_from_another_form(name: str) -> None:
    text, constants, _ = FORMS[name]
    variants = [
        (words, model)
        for words, model in near_misses.of(graphs.proto(text, **constants))
        if judged.is_certain(model)
    ]
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
