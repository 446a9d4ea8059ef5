"""Every rule finds what it is for, and nothing in the same network without it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgekit import lint, runtimes
from edgekit.cli import run as run_cli
from edgekit.errors import InvalidPathError, UnknownNameError, UnreadableModelError, UsageError
from edgekit.lint import RULES, LintRequest
from edgekit.processes import child
from tests.specimens.drawn import linted
from tests.specimens.drawn.linted import PAIRS
from tests.specimens.printed import documents

# Results that the claim "less exact" changes, as it has to.
_INEXACT = {code for code, rule in RULES.items() if rule.claim == "less exact"}


def _written(code: str, folder: Path) -> tuple[Path, Path]:
    pair = PAIRS[code]
    found, clean = folder / f"found{pair.suffix}", folder / f"clean{pair.suffix}"
    found.write_bytes(pair.found(1))
    clean.write_bytes(pair.clean(1))
    return found, clean


def test_every_rule_has_a_pair_of_files() -> None:
    assert list(PAIRS) == list(RULES)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_one_file_and_not_the_other(code: str, tmp_path: Path) -> None:
    found, clean = (lint.run(LintRequest(path)) for path in _written(code, tmp_path))
    assert code in {each.code for each in found.problems}
    assert code not in {each.code for each in clean.problems}
    assert code not in {
        each.code for each in lint.run(LintRequest(Path(found.file), (code,))).problems
    }


@pytest.mark.parametrize(
    "code", [each for each in RULES if each not in _INEXACT and each != "dynamic-shapes"]
)
def test_both_files_compute_the_same(code: str, tmp_path: Path) -> None:
    """So a difference in cost is the rule's alone."""
    paths = _written(code, tmp_path)
    answers, is_integer = [], code in ("int16-activations", "float-island")  # one step
    for path in paths:
        given = child.describe(path).inputs[0]
        shape = tuple(8 if size == -1 else size for size in given.shape)
        values = np.random.default_rng(0).standard_normal(shape) * (
            1 if given.scale is None else 10
        )
        scale = given.scale or 1.0
        feed = {given.name: values.clip(-100, 100).astype(given.dtype)}
        (outputs,) = child.run(path, [feed])[1]
        (array,) = outputs.values()
        answers.append(array * (scale if given.scale else 1.0))
    np.testing.assert_allclose(*answers, rtol=1e-4, atol=0.11 if is_integer else 1e-4)


def test_rules_for_both_formats_find_it_in_onnx_too(tmp_path: Path) -> None:
    onnx.save(linted.both_formats(), tmp_path / "x.onnx")
    report = lint.run(LintRequest(tmp_path / "x.onnx"))
    wanted = {code for code, rule in RULES.items() if "onnx" in rule.formats}
    assert wanted - {each.code for each in report.problems} == {"stored-twice"}  # below 256 bytes
    assert set(report.rules) == wanted


def test_without_the_runtime_its_rules_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = _written("outside-delegate", tmp_path)
    monkeypatch.setattr(runtimes, "installed", lambda: {"onnxruntime": None, "tflite": None})
    report = lint.run(LintRequest(found))
    assert set(report.skipped) == {code for code, rule in RULES.items() if rule.asks_runtime}
    assert report.runtime is None


def test_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"no such format at all")
    (tmp_path / "x.onnx").write_bytes(b"\xff" * 40)
    (tmp_path / "x.txt").write_text("")
    for name in ("x.tflite", "x.onnx"):
        with pytest.raises(UnreadableModelError, match=name):
            lint.run(LintRequest(tmp_path / name))
    with pytest.raises(UsageError, match=r"x\.txt"):
        lint.run(LintRequest(tmp_path / "x.txt"))
    with pytest.raises(InvalidPathError, match="no such file"):
        lint.run(LintRequest(tmp_path / "absent.onnx"))
    with pytest.raises(UnknownNameError, match="did you mean transpose"):
        lint.run(LintRequest(tmp_path / "x.onnx", ("transposes",)))


def test_a_cut_file_is_refused_and_never_breaks_the_reader(tmp_path: Path) -> None:
    found, _ = _written("unfused-padding", tmp_path)
    content = found.read_bytes()
    for end in range(8, len(content), 97):
        found.write_bytes(content[:end])
        with pytest.raises(UnreadableModelError):
            lint.run(LintRequest(found))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found, clean = _written("unfused-padding", tmp_path)
    sarif = tmp_path / "lint.sarif"
    assert run_cli(["lint", str(found), "--json", "--sarif", str(sarif)]) == 1
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    documents.check(document)
    assert not document["passed"]
    assert "unfused-padding [check-failed]" in printed.err.splitlines()[-1]
    (run,) = json.loads(sarif.read_text())["runs"]
    assert {each["level"] for each in run["results"]} == {"warning", "note"}
    known = {each["id"] for each in run["tool"]["driver"]["rules"]}
    assert {each["ruleId"] for each in run["results"]} <= known
    assert run_cli(["lint", str(clean)]) == 0
    assert "missing-metadata" in capsys.readouterr().out  # a note lets nothing fail
    assert run_cli(["lint", str(clean), "--ignore", "missing-metadata"]) == 0
    assert "0 warnings, 0 notes of" in capsys.readouterr().out
