"""`edgekit export --report` of networks of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgekit.cli import run


def test_report_beside_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "own_nets:ready", "--input-shape", "1,3,8,8", "-o", "out", "--report"]
    assert run(arguments) == 0
    printed = capsys.readouterr()
    assert "chatter" not in printed.out, "stdout has the result only"
    assert "chatter" in printed.err
    assert "part of its neighbours" in printed.out
    assert run([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "edgekit.export"
    assert [row["operator"] for row in document["coverage"]["rows"]] == ["Conv", "Relu"] * 2


@pytest.mark.parametrize("as_json", [True, False])
def test_report_of_what_is_refused(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "own_nets:Odd", "--input-shape", "1,4", "-o", "out", "--report"]
    assert run([*arguments, *(["--json"] if as_json else [])]) == 4
    printed = capsys.readouterr()
    assert "error: Det" in printed.err
    assert not Path("out").exists()
    if as_json:
        document = json.loads(printed.out)
        assert (document["schema"], document["exit_code"]) == ("edgekit.error", 4)
        assert len(document["coverage"]["refusals"]) == 5
    else:
        assert "refused, 5 in all:" in printed.out


def test_help_says_what_runs_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "--help"]) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "package.module:factory runs code of yours, and nothing else does" in words
