"""The check: what is damaged is named, budgets hold, and reports are what CI services read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from edgekit import bundle
from edgekit.bundle import Built, CheckReport, CheckRequest
from edgekit.bundle.budgets import DEFAULT, METRICS
from edgekit.bundle.budgets import read as read_budgets
from edgekit.bundle.checking import formats
from edgekit.bundle.checking.finding import Finding
from edgekit.cli import run as run_cli
from edgekit.devices import MeasureSettings
from edgekit.errors import InvalidPathError, RefusedError
from tests.bundle.conftest import request_of
from tests.specimens import classifiers, documents

QUICK = MeasureSettings(children=3, num_runs=20, min_secs=0, warmup_secs=0, warmup_runs=1)


def _budgets(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_whole_bundle_passes(built: Built, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["check", str(built.path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    documents.check(document)
    assert document["passed"]
    seen = {(each["code"], each["level"]) for each in document["findings"]}
    assert {
        ("hash", "passed"),
        ("open", "passed"),
        ("metadata", "passed"),
        ("golden", "passed"),
    } <= seen
    assert "failed" not in {level for _, level in seen}


def test_one_flipped_bit_in_any_file_is_named(copied: Path) -> None:
    for path in sorted(each for each in copied.rglob("*") if each.is_file()):
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            report = bundle.check(CheckRequest(copied))
            name = path.relative_to(copied).as_posix()
            assert [each.subject for each in report.failed] == [name], place
        path.write_bytes(whole)


def test_missing_and_unlisted_files_and_links(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copied / "README.md").unlink()
    (copied / "extra.txt").write_text("x")
    labels = copied / "labels" / "labels.txt"
    elsewhere = copied.parent / "labels.txt"
    shutil.move(labels, elsewhere)
    labels.symlink_to(elsewhere)
    assert run_cli(["check", str(copied)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    for name in ("README.md", "extra.txt", "labels/labels.txt"):
        assert f"hash of {name}" in error


@pytest.mark.parametrize("path", ["../labels.txt", "/etc/passwd"])
def test_an_entry_that_escapes_is_refused(path: str, copied: Path) -> None:
    manifest = copied / "edgekit.json"
    document = json.loads(manifest.read_text())
    document["contents"][0]["path"] = path
    manifest.write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
    with pytest.raises(RefusedError, match="leads out") as caught:
        bundle.check(CheckRequest(copied))
    assert caught.value.reason_code == "escaping-path"


def test_answers_that_changed_fail(built: Built, copied: Path) -> None:
    """A bundle whose hashes were made to fit is still caught by its golden answers."""
    import hashlib

    entry = built.bundle.models[0]
    path = next(iter(sorted((copied / "golden").glob("*float32.onnx.00.output.bin"))))
    path.write_bytes(bytes(path.stat().st_size))
    name, sha256 = (
        path.relative_to(copied).as_posix(),
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    contents = tuple(
        replace(each, sha256=sha256) if each.path == name else each
        for each in built.bundle.contents
    )
    (copied / "edgekit.json").write_bytes(replace(built.bundle, contents=contents).to_bytes())
    (failed,) = bundle.check(CheckRequest(copied)).failed
    assert (failed.code, failed.subject) == ("golden", entry.path)


def test_what_is_no_bundle(tmp_path: Path, built: Built, copied: Path) -> None:
    with pytest.raises(InvalidPathError, match=r"no edgekit\.json"):
        bundle.check(CheckRequest(tmp_path))
    (copied / "README.md").write_text("other")
    with pytest.raises(RefusedError, match=r"baseline .* README\.md"):
        bundle.check(CheckRequest(built.path, copied))


def test_the_latency_of_an_unchanged_bundle_does_not_fail(built: Built, tmp_path: Path) -> None:
    """The files are one and the same, and the limit is beyond any noise of a busy machine."""
    limit = _budgets(tmp_path / "b.toml", "[latency_percent]\nmax_increase = 400\n")
    report = bundle.check(CheckRequest(built.path, built.path, limit, QUICK))
    assert report.failed == ()
    assert set(report.smallest_change_percent) == {each.path for each in built.bundle.models}
    assert all("would have been found" in each.message for each in report.findings[-3:])
    assert all(change > 0 for change in report.smallest_change_percent.values())


def _found(report: CheckReport, code: str) -> list[Finding]:
    return [each for each in report.findings if each.code == code]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[size_bytes]\nmax = 10\n", "failed"),
        ("[size_bytes]\nmax = 1000000\n", "passed"),
        ('[size_bytes]\nmax_increase = 5\nif_missing = "fail"\n', "failed"),
        ("[size_bytes]\nmax_increase = 5\n", "warning"),
        ('[size_bytes]\nmax_increase = 5\nif_missing = "skip"\n', "skipped"),
    ],
)
def test_budgets_without_a_baseline(text: str, level: str, built: Built, tmp_path: Path) -> None:
    report = bundle.check(CheckRequest(built.path, None, _budgets(tmp_path / "b.toml", text)))
    assert {each.level for each in _found(report, "budget-size-bytes")} == {level}


def test_a_less_accurate_candidate_fails(tmp_path: Path) -> None:
    """Thirty of 100 images are lost, paired, where none may be."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    rows = ["file,label"]
    for index in range(100):
        Image.new("RGB", (8, 8), classifiers.COLOURS[index % 3]).save(pictures / f"{index:03}.png")
        rows.append(f"{index:03}.png,{index % 3}")
    (pictures / "labels.csv").write_text("\n".join(rows))
    exported = tmp_path / "exported"
    classifiers.brightest(exported, classifiers.PLAIN)
    (exported / "labels.txt").write_text("red\ngreen\nblue\n")
    made = bundle.build(request_of(exported, tmp_path / "a", "*float32.onnx", data=pictures))
    worse = Path(shutil.copytree(made.path, tmp_path / "worse.edgekit"))
    evidence = worse / "evidence" / "accuracy.json"
    document = json.loads(evidence.read_text())
    (answers,) = [each["answers"] for each in document.values()]
    for index in range(30):
        answers["top1"][index] = (answers["top1"][index] + 1) % 3
        answers["ranks"][index] = 1
    evidence.write_text(json.dumps(document))
    import hashlib

    sha256 = hashlib.sha256(evidence.read_bytes()).hexdigest()
    contents = tuple(
        replace(each, sha256=sha256) if each.path == "evidence/accuracy.json" else each
        for each in made.bundle.contents
    )
    (worse / "edgekit.json").write_bytes(replace(made.bundle, contents=contents).to_bytes())
    limit = _budgets(tmp_path / "b.toml", "[top1_percent]\nmax_increase = 1\n")
    (failed,) = bundle.check(CheckRequest(worse, made.path, limit)).failed
    assert failed.code == "budget-top1-percent"
    assert "+30.0 points lost" in failed.message
    assert bundle.check(CheckRequest(made.path, worse, limit)).failed == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[speed]\nmax = 1\n", "no metric 'speed'"),
        ("[size_bytes]\nmost = 1\n", "takes max"),
        ("[size_bytes]\nif_missing = 'fail'\n", "needs max"),
        ("[size_bytes]\nmax = '1 MB'\n", "a number"),
        ("[latency_percent]\nmax = 5\n", "takes max_increase alone"),
        ("[size_bytes]\nmax = 1\nif_missing = 'hope'\n", "fail, warn or skip"),
        ("[size_bytes", "no TOML"),
    ],
)
def test_budgets_that_cannot_be_read(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=words):
        read_budgets(_budgets(tmp_path / "b.toml", text))


def test_the_default_budgets_hold_every_metric(tmp_path: Path) -> None:
    found = read_budgets(_budgets(tmp_path / "b.toml", DEFAULT))
    assert tuple(each.metric for each in found) == METRICS


def _report(count: int = 1) -> CheckReport:
    findings = tuple(
        Finding("golden", level, f"models/{i}.onnx", "a | b" * 20)  # type: ignore[arg-type]
        for i in range(count)
        for level in ("passed", "warning", "failed", "skipped")
    )
    return CheckReport("x.edgekit", "y.edgekit", findings, {})


def test_reports_for_ci_services() -> None:
    suite = ET.fromstring(formats.junit(_report()))
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "1")
    assert [len(case) for case in suite] == [1, 1, 1, 1]
    run = json.loads(formats.sarif(_report()))["runs"][0]
    assert [each["level"] for each in run["results"]] == ["warning", "error"]
    assert run["tool"]["driver"]["rules"] == [{"id": "golden"}]
    text = formats.markdown(_report())
    assert text.splitlines()[4].startswith("| failed | golden |")
    assert "a \\| b" in text
    long = formats.markdown(_report(1000))
    assert len(long.encode()) < 64_000
    assert "more findings are not shown" in long


def test_files_for_ci_services_are_written(built: Built, tmp_path: Path) -> None:
    names = ("junit", "sarif", "markdown")
    options = [part for name in names for part in (f"--{name}", str(tmp_path / name))]
    assert run_cli(["check", str(built.path), *options]) == 0
    assert {each.name for each in tmp_path.iterdir()} == set(names)
