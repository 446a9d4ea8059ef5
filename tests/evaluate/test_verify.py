"""`edgekit verify`: two files compared, one file under other instruction sets, and the verdicts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgekit import evaluate
from edgekit.emulation import isa
from edgekit.errors import RefusedError, UsageError
from edgekit.evaluate import IsaReport, Thresholds, Verification
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.verification import report
from edgekit.processes import child
from tests.evaluate.accuracy.colours import SIDE, classifier
from tests.evaluate.isa.made import require
from tests.specimens.commands import Cli
from tests.specimens.drawn import qdq

RAW = ("--preprocessing", "raw")


@pytest.fixture
def exact(tmp_path: Path) -> Path:
    return classifier(tmp_path / "exact.onnx", np.eye(3))


@pytest.fixture
def rough(tmp_path: Path) -> Path:
    """Red looks a little more like green than it should."""
    return classifier(tmp_path / "rough.tflite", np.array([[1, 1.2, 0], [0, 1, 0], [0, 0, 1]]))


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for name, colour in {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255)}.items():
        Image.new("RGB", (SIDE, SIDE), colour).save(root / f"{name}.png")
    return root


# --- two files --------------------------------------------------------------------------------


def test_two_equal_files(cli: Cli, exact: Path, tmp_path: Path) -> None:
    other = classifier(tmp_path / "other.tflite", np.eye(3))
    demands = ("--min-agreement", 100, "--min-sqnr", 90)
    code, out, err = cli("verify", other, exact, *RAW, "--samples", 5, *demands)
    assert code == 0
    assert "5 of 5: 100.0 % [56.6, 100.0]" in out
    assert "other.tflite" in out
    assert "exact.onnx" in out
    assert "5 synthetic 1/f images" in out
    assert "failed" not in out
    assert "comparing other.tflite with exact.onnx" in err


@pytest.mark.parametrize(
    ("demands", "words"),
    [
        (("--min-agreement", 70), "failed: same top-1 for 66.67 % of the images, less than 70 %"),
        (("--min-sqnr", 20), "dB, less than 20 dB"),
    ],
)
def test_a_missed_threshold(
    demands: tuple[object, ...], words: str, cli: Cli, exact: Path, rough: Path, pictures: Path
) -> None:
    code, out, _ = cli("verify", rough, exact, "--data", pictures, *RAW, *demands)
    assert code == 1
    assert words in out
    assert "2 of 3" in out


def test_thresholds_that_are_met(cli: Cli, exact: Path, rough: Path, pictures: Path) -> None:
    demands = ("--min-agreement", 66, "--min-sqnr", 1)
    code, out, _ = cli("verify", rough, exact, "--data", pictures, *RAW, *demands)
    assert (code, "failed" in out) == (0, False)


def test_json(cli: Cli, exact: Path, rough: Path, pictures: Path) -> None:
    arguments = ("--data", pictures, *RAW, "--min-agreement", 90, "--json")
    code, out, _ = cli("verify", rough, exact, *arguments)
    document = json.loads(out)
    assert code == 1
    assert (document["schema"], document["schema_version"]) == ("edgekit.verification", 2)
    assert document["summary"]["passed"] is False
    assert document["summary"]["comparison"]["agreement"]["count"] == 2
    assert [Path(each["file"]).name for each in document["files"]] == ["rough.tflite", "exact.onnx"]
    assert document["files"][1]["info"]["operators"]["MatMul"] == 1
    again = report.from_json(out)
    assert json.loads(again.to_json()) == document
    document["schema_version"] = 1
    with pytest.raises(RefusedError, match="version 1"):
        report.from_json(json.dumps(document))


# --- what is asked wrongly --------------------------------------------------------------------

BAD_REQUESTS = {
    "nothing to compare": ([], "give a second file, or other instruction sets"),
    "native alone": (["--isa", "native"], "alone has nothing to be compared with"),
    "unknown set": (["--isa", "native,avx512"], "unknown instruction set 'avx512'"),
    "near set": (["--isa", "cortex-a75"], "did you mean cortex-a7"),
    "absent file": (["absent.onnx"], "absent.onnx: no such file"),
    "a network": (["micronet-m0"], "micronet-m0 is a network, and this takes files"),
    "thresholds of one": (["--isa", "avx2", "--min-sqnr", "3"], "give a second one"),
    "impossible percentage": (["exact.onnx", "--min-agreement", "101"], "0 to 100 percent"),
    "no preprocessing": (["exact.onnx"], "--preprocessing imagenet|cifar10"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_requests(case: str, cli: Cli, exact: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(exact.parent)
    arguments, words = BAD_REQUESTS[case]
    code, out, err = cli("verify", exact.name, *arguments)
    assert (code, out) == (2, "")
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert words in lines[0]


def test_no_samples(exact: Path) -> None:
    with pytest.raises(UsageError, match="1 sample or more"):
        evaluate.VerifyRequest((str(exact),), isas=("avx2",), samples=0)


@pytest.mark.parametrize("name", ["avx2", "cortex-a53"])
def test_a_missing_emulator(
    name: str, cli: Cli, exact: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("edgekit.emulation.isa.is_x86_64", lambda: True)
    code, out, err = cli("verify", exact, "--isa", name, "--json")
    assert code == 3
    assert json.loads(out)["reason_code"] == "environment"
    (line,) = (line for line in err.splitlines() if line.startswith("error: "))
    assert "`edgekit doctor --setup-qemu`" in line


def test_doctor_shows_the_instruction_sets(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    sets = json.loads(cli("doctor", "--json")[1])["instruction_sets"]
    assert [each["name"] for each in sets] == isa.names()
    assert [each["name"] for each in sets if each["missing"] is None] == ["native"]
    code, out, err = cli("doctor", "--setup-qemu")
    assert (code, out) == (3, "")
    assert "error: " in err


# --- other instruction sets -------------------------------------------------------------------


def test_saturation_is_found_named_and_cured(cli: Cli, tmp_path: Path) -> None:
    require("avx2")
    if isa.pairs_saturate(isa.NATIVE):
        pytest.skip("this processor has no VNNI: it saturates as avx2 does")
    loud = qdq.chain(tmp_path / "loud.onnx", {"first": qdq.LOUD, "after": qdq.QUIET})
    code, out, _ = cli("verify", loud, "--isa", "native,avx2", "--samples", 2)
    assert code == 1
    assert "2 sets of random values" in out
    assert "loud.onnx  first  Conv      avx2" in out
    assert "remedy: loud.onnx: " in out
    assert "edgekit quantize ... --seven-bit first\n" in out
    assert f"failed: {loud} gives other answers under avx2" in out
    quiet = qdq.chain(tmp_path / "quiet.onnx", {"first": qdq.QUIET, "after": qdq.QUIET})
    code, out, _ = cli("verify", quiet, "--isa", "avx2", "--samples", 2)
    assert code == 0
    assert "equal to the last bit" in out
    assert "remedy" not in out


def test_two_files_under_an_arm_core(cli: Cli, exact: Path, tmp_path: Path) -> None:
    require("cortex-a76")
    other = classifier(tmp_path / "other.tflite", np.eye(3))
    arguments = (*RAW, "--samples", 2, "--isa", "cortex-a76", "--json")
    code, out, _ = cli("verify", other, exact, *arguments)
    result = report.from_json(out)
    assert code == 0
    assert [(Path(each.file).name, each.sets) for each in result.isa] == [
        ("other.tflite", 2),
        ("exact.onnx", 2),
    ]
    assert all(each.same and each.same_top1 == 2 for each in result.isa)
    assert result.isa_inputs == "2 synthetic 1/f images, seed 0 (no photographs)"
    assert not re.search(r'"\w*(_ms|_ns|_secs|_time)"', out)  # emulated time means nothing


# --- verdicts without a run -------------------------------------------------------------------


@pytest.fixture
def plain(exact: Path, rough: Path) -> Verification:
    settings = evaluate.Settings(preprocessing="raw")
    return evaluate.verify(
        evaluate.VerifyRequest((str(rough), str(exact)), samples=2, settings=settings)
    )


def _report(file: str, name: str, steps: float) -> IsaReport:
    return IsaReport(file, name, 2, steps == 0, steps, Distance(1.0, steps), None)


def test_a_difference_fails_and_names_the_sets(plain: Verification) -> None:
    assert plain.passed
    reports = tuple(_report("f.onnx", *each) for each in [("avx2", 9.0), ("cortex-a53", 0.0)])
    result = replace(plain, isa=(*reports, _report("f.onnx", "cortex-a72", 1.0)))
    assert result.failures == ("f.onnx gives other answers under avx2, cortex-a72",)
    assert not result.passed
    assert result.remedies == ()


def test_what_the_numbers_hide_is_said(plain: Verification) -> None:
    reports = (_report("f.onnx", "avx2", 0.0),)
    blind = replace(plain, isa=reports, native_saturates=True)
    assert any("no VNNI" in note for note in blind.notes)
    assert not any("VNNI" in note for note in replace(blind, native_saturates=False).notes)
    searched = replace(plain, isa=reports, saturation_searched=("f.onnx",))
    assert any("no layer of f.onnx differs on its own" in note for note in searched.notes)


def test_a_comparison_has_two_files(plain: Verification) -> None:
    with pytest.raises(ValueError, match="a comparison of two"):
        replace(plain, comparison=None)
    with pytest.raises(ValueError, match="thresholds are for"):
        replace(plain, comparison=None, files=plain.files[:1], thresholds=Thresholds(None, 1.0))


def test_a_machine_that_saturates_is_compared_with_arm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Arm run is this processor's, with other answers put in its place."""
    path = qdq.chain(tmp_path / "q.onnx", {"one": 30})
    run = child.run

    def other_on_arm(*given: Any, isa: str = "native", **named: Any) -> Any:
        info, outputs = run(*given, **named)
        shift = 0.0 if isa == "native" else 7 * qdq.INPUT_SCALE * qdq.gain(30)
        return info, [{k: v + np.float32(shift) for k, v in each.items()} for each in outputs]

    monkeypatch.setattr(child, "run", other_on_arm)
    monkeypatch.setattr(isa, "launcher", lambda _: None)
    monkeypatch.setattr(isa, "pairs_saturate", lambda name: name in ("native", "avx2"))
    result = evaluate.verify(evaluate.VerifyRequest((str(path),), isas=("cortex-a53",), samples=2))
    (layer,) = result.saturating
    assert (layer.name, layer.isa, layer.largest_steps) == ("one", "native", 7.0)
    assert result.remedies[0].endswith("--seven-bit one")
