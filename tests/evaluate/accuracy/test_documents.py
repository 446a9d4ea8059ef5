"""Evaluations as documents: equal for equal runs, read back whole, refused when damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgekit import evaluate
from edgekit.errors import RefusedError
from tests.evaluate.accuracy.colours import run


def test_equal_runs_give_equal_documents(brightest: Path, pictures: Path) -> None:
    first = run(brightest, pictures, against=str(brightest))
    second = run(brightest, pictures, against=str(brightest))
    assert first.to_json() == second.to_json()
    assert evaluate.from_json(first.to_json()) == first
    document = json.loads(first.to_json())
    assert (document["schema"], document["schema_version"]) == ("edgekit.evaluation", 1)
    assert document["summary"]["top1"]["count"] == 3
    assert document["summary"]["per_class"][1]["top1"] == 0.5


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: d.update(schema_version=2), "version 2"),
        (lambda d: d.update(extra=1), "damaged"),
        (lambda d: d["answers"].update(top1=[0, 1, 2, 1]), "disagree"),
        (lambda d: d["answers"].update(top1=[0, 1, 2, 3]), "outside the 3 classes"),
        (lambda d: d.update(labels=None), "come together"),
        (lambda d: d.update(files=["a"]), "every image"),
    ],
)
def test_damaged_documents_are_refused(
    damage: Callable[[dict[str, object]], None], words: str, brightest: Path, pictures: Path
) -> None:
    document = json.loads(run(brightest, pictures).to_json())
    damage(document)
    with pytest.raises(RefusedError, match=words):
        evaluate.from_json(json.dumps(document))
    with pytest.raises(RefusedError, match="not an edgekit evaluation"):
        evaluate.from_json("[]")
