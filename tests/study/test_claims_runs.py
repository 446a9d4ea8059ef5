"""Runs of the papers' claims: kept, gone on with, held against each other, and printed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from edgekit.cli import run
from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError, UsageError
from edgekit.study import claims
from edgekit.study.claims import CLAIMS, ClaimsRequest
from tests.specimens.printed import documents
from tests.study.laboratory import FakeLaboratory


def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    kept = tmp_path / "report.json"
    names = ("separable-saves-macs", "shuffle-costs-time-int8", "repvit-one-millisecond")
    first = FakeLaboratory(ratio=1.2)
    claims.run(ClaimsRequest(names[:2], is_quick=True, kept=kept), laboratory=first)
    assert any(each.precision == "int8" for each in first.asked)
    second = FakeLaboratory(ratio=0.5)
    found = claims.run(ClaimsRequest(names, is_quick=True, kept=kept), laboratory=second)
    assert second.asked == set()  # all were kept, but for the one that cannot be tested
    assert [each.name for each in found.claims] == [each for each in CLAIMS if each in names]
    assert claims.read(kept) == found
    with pytest.raises(RefusedError, match="another way") as caught:
        claims.run(ClaimsRequest(names, kept=kept), laboratory=second)
    assert caught.value.reason_code == "unlike-conditions"


def test_a_verdict_that_flips_between_runs_is_none(tmp_path: Path) -> None:
    name = "shuffle-costs-time-float32"
    kept = tmp_path / "first.json"
    request = ClaimsRequest((name,), is_quick=True)
    claims.run(dataclasses.replace(request, kept=kept), laboratory=FakeLaboratory(ratio=1.3))
    again = dataclasses.replace(request, earlier=kept)
    (same,) = claims.run(again, laboratory=FakeLaboratory(ratio=1.4)).claims
    (flipped,) = claims.run(again, laboratory=FakeLaboratory(ratio=0.8)).claims
    assert (same.verdict, flipped.verdict) == ("holds", "cannot tell")
    assert (same.differed, flipped.differed) == (None, "does not hold")
    assert "'does not hold'" in flipped.why
    assert "'holds'" in flipped.why
    assert (same.earlier, flipped.earlier) == ("holds", "holds")


def test_two_kept_runs_are_held_against_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("shuffle-costs-time-float32", "shuffle-costs-time-int8")
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    request = ClaimsRequest(names, is_quick=True, kept=first)
    claims.run(request, laboratory=FakeLaboratory(ratio=1.3))
    again = dataclasses.replace(request, kept=second)
    claims.run(again, laboratory=FakeLaboratory(ratio=0.8))
    assert {each.earlier for each in claims.read(second).claims} == {None}
    assert run(["claims", "--read", str(second), "--against", str(first)]) == 0
    assert "0 of 2 verdicts are those of the independent run" in capsys.readouterr().out
    # Held against while it runs, it is kept so, and gone on with it stays what it is.
    judged = dataclasses.replace(again, earlier=first)
    found = claims.run(judged, laboratory=FakeLaboratory())
    assert claims.read(second) == found == claims.run(judged, laboratory=FakeLaboratory())
    assert (found.compared, found.agreeing) == (2, 0)
    assert [each.verdict for each in found.claims] == 2 * ["cannot tell"]


def test_a_verdict_on_the_edge_of_an_earlier_run_is_not_counted_as_the_same(tmp_path: Path) -> None:
    names = ("shuffle-costs-time-float32",)
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    for kept, times in ((first, 1.03), (second, 1.3)):
        claims.run(ClaimsRequest(names, kept=kept), laboratory=FakeLaboratory(ratio=times))
    (before,), (after,) = claims.read(first).claims, claims.read(second).claims
    assert (before.verdict, after.verdict) == ("cannot tell", "holds")
    held = claims.compared(second, first)
    assert (held.compared, held.agreeing) == (1, 0)


def test_a_run_that_is_gone_on_with_keeps_its_time(tmp_path: Path) -> None:
    kept = tmp_path / "report.json"
    names = ("separable-saves-macs", "shuffle-costs-time-int8")
    first = claims.run(ClaimsRequest(names[:1], kept=kept), laboratory=FakeLaboratory())
    later = claims.run(ClaimsRequest(names, kept=kept), laboratory=FakeLaboratory())
    assert later.seconds > first.seconds > 0
    assert later.before == first.before


def test_slips_of_the_pen_are_found_first(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="guideline-1-float32"):
        ClaimsRequest(("guideline-1-float",))
    with pytest.raises(UsageError, match="emulated"):
        ClaimsRequest(count_on=("local",))
    with pytest.raises(InvalidPathError, match="cannot be read"):
        claims.read(tmp_path / "none.json")


def test_the_command_prints_tables_json_and_pages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.json"
    names = ["micronet-published-macs", "repvit-one-millisecond"]
    assert run(["claims", *names, "--keep", str(kept)]) == 0
    table = capsys.readouterr().out
    assert "micronet-published-macs  holds" in table
    assert "2 claims: 1 holds, 1 cannot be tested here" in table
    assert run(["claims", "--read", str(kept), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    documents.check(document)
    assert {"name", "paper", "statement", "measured", "verdict"} <= document["claims"][0].keys()
    assert run(["claims", "--read", str(kept), "--markdown"]) == 0
    assert capsys.readouterr().out == claims.study_page(claims.read(kept))
    assert run(["claims", "--read", str(kept), "--quick"]) == 2
    assert run(["claims", "--list", "guideline-1-int8"]) == 0
    assert "time ratio at least 1.05" in capsys.readouterr().out
