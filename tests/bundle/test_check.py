"""The check: what is damaged is named, budgets hold, and reports are what CI services read."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from edgekit import bundle
from edgekit.bundle import Built, CheckReport, CheckRequest
from edgekit.bundle.budgets import DEFAULT, METRICS
from edgekit.bundle.budgets import read as read_budgets
from edgekit.bundle.checking import figures, formats
from edgekit.bundle.checking.finding import Finding
from edgekit.bundle.manifest import Content
from edgekit.cli import run as run_cli
from edgekit.devices import MeasureSettings
from edgekit.emulation import isa
from edgekit.errors import InvalidPathError, RefusedError, UnknownNameError
from tests.bundle.conftest import request_of
from tests.devices.compare.made import counts
from tests.specimens import classifiers
from tests.specimens.printed import documents

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
    limit = _budgets(tmp_path / "b.toml", "[latency_ms]\nmax_increase_percent = 400\n")
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
        ('[size_bytes]\nmax_increase_percent = 5\nif_missing = "fail"\n', "failed"),
        ("[size_bytes]\nmax_increase_percent = 5\n", "warning"),
        ('[size_bytes]\nmax_increase_percent = 5\nif_missing = "skip"\n', "skipped"),
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
    sha256 = hashlib.sha256(evidence.read_bytes()).hexdigest()
    contents = tuple(
        replace(each, sha256=sha256) if each.path == "evidence/accuracy.json" else each
        for each in made.bundle.contents
    )
    (worse / "edgekit.json").write_bytes(replace(made.bundle, contents=contents).to_bytes())
    limit = _budgets(tmp_path / "b.toml", "[top1_percent]\nmax_decrease = 1\n")
    (failed,) = bundle.check(CheckRequest(worse, made.path, limit)).failed
    assert failed.code == "budget-top1-percent"
    assert "-30 points" in failed.message
    assert bundle.check(CheckRequest(made.path, worse, limit)).failed == ()


def _with(made: Built, place: Path, path: str, content: bytes) -> Path:
    """Copy a bundle with one file more or another one, listed as it should be."""
    copy = Path(shutil.copytree(made.path, place))
    (copy / path).write_bytes(content)
    row = Content(path, len(content), hashlib.sha256(content).hexdigest())
    others = [each for each in made.bundle.contents if each.path != path]
    contents = tuple(sorted([*others, row], key=lambda each: each.path))
    (copy / "edgekit.json").write_bytes(replace(made.bundle, contents=contents).to_bytes())
    return copy


@pytest.mark.parametrize(
    ("now", "level"), [(1000, "passed"), (1020, "passed"), (1021, "failed"), (900, "passed")]
)
def test_instructions_are_held_to_the_number(
    now: int, level: str, built: Built, tmp_path: Path
) -> None:
    places = []
    for number, count in enumerate((1000, now)):
        rows = {each.path: json.loads(counts(count).to_json()) for each in built.bundle.models}
        content = json.dumps(rows).encode()
        path = tmp_path / f"{number}.edgekit"
        places.append(_with(built, path, "evidence/instructions.json", content))
    limit = _budgets(tmp_path / "b.toml", "[instructions]\nmax_increase_percent = 2\n")
    report = bundle.check(CheckRequest(places[1], places[0], limit))
    found = _found(report, "budget-instructions")
    assert {each.level for each in found} == {level}
    assert all("any change would have been found" in each.message for each in found)
    (missing, *_) = _found(
        bundle.check(CheckRequest(places[1], built.path, limit)), "budget-instructions"
    )
    assert missing.level == "warning"


def test_start_up_is_measured_when_a_budget_asks(built: Built, tmp_path: Path) -> None:
    text = (
        "[load_ms]\nmax = 60000\nmax_increase_percent = 5000\n"
        "[first_answer_ms]\nmax = 60000\n"
        "[memory_bytes]\nmax = 1\nmax_increase_percent = 5000\n"
        "[private_memory_bytes]\nmax = 1\nmax_increase_percent = 5000\n"
        "[latency_ms]\nmax = 0.000001\n"
    )
    limit = _budgets(tmp_path / "b.toml", text)
    report = bundle.check(CheckRequest(built.path, built.path, limit, QUICK))
    levels = {each.code: set[str]() for each in report.findings}
    for each in report.findings:
        levels[each.code].add(each.level)
    assert levels["budget-load-ms"] == {"passed"}
    assert levels["budget-memory-bytes"] == {"passed", "failed"}  # nothing fits into one byte
    assert levels["budget-private-memory-bytes"] == {"passed", "failed"}
    assert levels["budget-first-answer-ms"] == {"passed"}
    assert levels["budget-latency-ms"] == {"failed"}
    held = [each for each in report.findings if each.code.startswith("budget-")]
    assert len(held) == 8 * len(built.bundle.models)
    assert all("would have been found" in each.message for each in held)


def test_a_figure_fails_by_its_interval_and_warns_by_itself() -> None:
    """Of costs the lower end decides, of a loss of accuracy the upper one."""
    slower = figures.of_processes([1.1, 1.3, 1.2], [1.0, 1.0, 1.0]).change_percent
    assert slower is not None
    assert slower.low < 0 < 15 < slower.value < 25 < slower.high
    lost = figures.of_answers([False] * 10 + [True] * 90, [True] * 100).change
    assert lost is not None
    assert lost.low < lost.value == -10 < lost.high < -1
    assert lost.smallest_change is not None
    assert 5 < lost.smallest_change < 12
    alone = figures.of_answers([False] * 10 + [True] * 90, None).now
    assert alone is not None
    assert alone.low == pytest.approx(82.56, abs=0.01)  # Wilson's interval of 90 of 100
    assert alone.high == pytest.approx(94.48, abs=0.01)


def test_golden_answers_are_replayed_under_other_instruction_sets(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = CheckRequest(built.path, isas=("avx2",))
    monkeypatch.setattr(isa, "missing", lambda name: f"{name} is not set up")
    found = _found(bundle.check(request), "golden-avx2")
    assert {each.level for each in found} == {"skipped"}
    assert all("not set up" in each.message for each in found)
    monkeypatch.undo()
    if isa.missing("avx2") is None:
        found = _found(bundle.check(request), "golden-avx2")
        assert {each.level for each in found} == {"passed"}
    with pytest.raises(UnknownNameError):
        CheckRequest(built.path, isas=("z80",))


def test_a_zip_file_is_checked_like_its_folder(built: Built) -> None:
    assert built.archive is not None
    report = bundle.check(CheckRequest(built.archive, built.archive, None, QUICK))
    folder = bundle.check(CheckRequest(built.path, built.path, None, QUICK))
    archived, loose = (
        [(e.code, e.subject, e.level if "latency" not in e.code else "") for e in each.findings]
        for each in (report, folder)
    )
    assert archived == loose


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../evil.txt", "escaping-path"),
        ("/etc/evil.txt", "escaping-path"),
        ("x.edgekit/../../evil.txt", "escaping-path"),
        ("other/evil.txt", "bad-archive"),
    ],
)
def test_a_zip_file_that_escapes_is_refused(
    name: str, reason: str, built: Built, tmp_path: Path
) -> None:
    assert built.archive is not None
    path = Path(shutil.copy(built.archive, tmp_path / "x.edgekit.zip"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(RefusedError) as caught:
        bundle.check(CheckRequest(path))
    assert caught.value.reason_code == reason
    assert [each.name for each in tmp_path.iterdir()] == ["x.edgekit.zip"]


def test_zip_files_that_are_none(built: Built, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no archive")
    with pytest.raises(RefusedError, match="cannot be unpacked"):
        bundle.check(CheckRequest(tmp_path / "x.zip"))
    link = zipfile.ZipInfo("x.edgekit/labels.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(RefusedError, match="is a link"):
        bundle.check(CheckRequest(tmp_path / "y.zip"))
    assert built.archive is not None
    whole = built.archive.read_bytes()
    (tmp_path / "z.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RefusedError, match="cannot be unpacked"):
        bundle.check(CheckRequest(tmp_path / "z.zip"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[speed]\nmax = 1\n", "no metric 'speed'"),
        ("[size_bytes]\nmost = 1\n", "takes max"),
        ("[size_bytes]\nif_missing = 'fail'\n", "needs max"),
        ("[size_bytes]\nmax = '1 MB'\n", "a number"),
        ("[latency_ms]\nmax_increase = 5\n", "takes max, max_increase_percent and"),
        ("[size_bytes]\nmax = 1\nif_missing = 'hope'\n", "fail, warn or skip"),
        ("[size_bytes", "no TOML"),
    ],
)
def test_budgets_that_cannot_be_read(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=words):
        read_budgets(_budgets(tmp_path / "b.toml", text))


def test_the_default_budgets_can_be_read(tmp_path: Path) -> None:
    found = read_budgets(_budgets(tmp_path / "b.toml", DEFAULT))
    assert {each.metric for each in found} < set(METRICS)


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
