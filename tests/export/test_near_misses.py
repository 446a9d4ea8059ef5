"""Every rewrite rule on graphs that it must leave alone, or must do right although they differ."""

from __future__ import annotations

import pytest

from edgekit.export import lowering
from edgekit.export.rewriting.choices import Choices
from tests.specimens import graphs, judged, near_misses
from tests.specimens.canonical import CASES
from tests.specimens.further_away import FURTHER_AWAY
from tests.specimens.graphs import weights
from tests.specimens.rules import SPECIMENS

FORMS = {name: case for name, case in CASES.items() if ":" in name}
FLOAT = {rule.name for rule in (*lowering.CANONICAL, *lowering.TFLITE.rules)}
OPTIONAL = {rule.name for rule in lowering.TFLITE.alternatives}


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
    verdicts = judged.judge(graphs.proto(text, **constants), chosen, integers=False)
    assert [verdict.form for verdict in verdicts if verdict.outcome == "right"]
    assert [verdict for verdict in verdicts if verdict.is_fault] == []


def test_a_bias_for_every_row_is_quantized_as_a_sum() -> None:
    text = "g (float[3,4] x) => (float[3,5] y) { y = Gemm(x, w, c) }"
    model = graphs.proto(text, w=weights(4, 5), c=weights(3, 1))
    verdicts = judged.judge(model, Choices(), integers=True)
    assert "right" in {verdict.outcome for verdict in verdicts if verdict.form == "int8 tflite"}
    assert [verdict for verdict in verdicts if verdict.is_fault] == []
