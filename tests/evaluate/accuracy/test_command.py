"""`edgekit evaluate`: what is printed, and what is not imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from edgekit import evaluate
from tests.evaluate.accuracy.colours import classifier, run
from tests.specimens.commands import Cli


def test_what_is_printed(cli: Cli, tmp_path: Path, brightest: Path, pictures: Path) -> None:
    other = classifier(tmp_path / "other.tflite", np.eye(3)[[1, 0, 2]])
    arguments = ("evaluate", other, "--data", pictures, "--preprocessing", "raw")
    code, out, err = cli(*arguments, "--against", brightest)
    assert code == 0
    assert err.splitlines()[0] == "evaluating other.tflite: 0/4"
    assert "75.0 % [30.1, 95.4]" in out
    assert "-25.0 points" in out
    assert "1 gained, 2 lost" in out
    assert "1 of 4: 25.0 %" in out
    assert "-1.8 dB" in out
    assert "folder pictures, 4 labelled images" in out
    code, out, _ = cli(*arguments, "--json")
    assert code == 0
    assert evaluate.from_json(out) == run(other, pictures)


def test_equal_answers_are_called_equal(cli: Cli, brightest: Path) -> None:
    code, out, _ = cli(
        "evaluate", brightest, "--against", brightest, "--preprocessing", "raw", "--limit", 3
    )
    assert code == 0
    assert "equal to the last bit" in out
    assert "3 synthetic 1/f images, seed 0 (no photographs)" in out


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys, edgekit.cli; edgekit.cli.run(['evaluate', '--help']);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert {"torch", "numpy", "onnxruntime", "PIL", "rich"} & set(done.stderr.split()) == set()


def test_evaluating_a_file_needs_no_torch(brightest: Path, pictures: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from edgekit import evaluate;"
        f"evaluate.run(evaluate.EvaluateRequest({str(brightest)!r}, Path({str(pictures)!r}),"
        "settings=evaluate.Settings(preprocessing='raw')));"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert {"torch", "onnxruntime"} & set(done.stderr.split()) == set()
