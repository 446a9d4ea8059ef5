"""What evaluation refuses: spoilt data, bad requests, checkpoints with code, other models."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from edgekit import evaluate
from edgekit.errors import CheckFailedError, RefusedError, UsageError
from edgekit.evaluate import EvaluateRequest, Settings
from tests.evaluate.accuracy.colours import classifier, run
from tests.specimens import graphs
from tests.specimens.commands import Cli
from tests.specimens.networks import SMALL


def _one_line(error: str, words: str) -> None:
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, error
    assert words in lines[0]
    assert "Traceback" not in error


FAULTS = {
    "corrupt image": (4, "1.png"),
    "empty folder": (2, "has no images"),
    "no folder": (2, "no such folder"),
    "unknown file": (4, "there is no file 'absent.png'"),
    "label out of range": (4, "2.png has the label 3"),
    "bad label": (4, "label 'cat'"),
    "bad columns": (4, "needs file and label"),
    "narrow image": (4, "1.png"),
}


def _spoil(root: Path, fault: str) -> None:
    labels = root / "labels.csv"
    if fault == "corrupt image":
        (root / "1.png").write_bytes((root / "1.png").read_bytes()[:40])
    elif fault == "narrow image":
        Image.new("RGB", (40_000, 1)).save(root / "1.png")
    elif fault in ("empty folder", "no folder"):
        for path in root.iterdir():
            path.unlink()
        if fault == "no folder":
            root.rmdir()
    elif fault == "unknown file":
        labels.write_text("file,label\n0.png,0\nabsent.png,1\n")
    elif fault == "label out of range":
        labels.write_text("file,label\n0.png,0\n2.png,3\n")
    elif fault == "bad label":
        labels.write_text("file,label\n0.png,cat\n")
    elif fault == "bad columns":
        labels.write_text("name,class\n0.png,1\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_spoilt_data(fault: str, cli: Cli, brightest: Path, pictures: Path) -> None:
    _spoil(pictures, fault)
    expected, words = FAULTS[fault]
    options = ["--preprocessing", "raw"]
    if fault == "narrow image":
        options += ["--resize", "50"]
    code, out, err = cli("evaluate", brightest, "--data", pictures, *options)
    assert (code, out) == (expected, "")
    _one_line(err, words)


BAD_REQUESTS = {
    "nothing to count": ([], "give labelled images with --data"),
    "no preprocessing": (["--data", "pictures"], "--preprocessing imagenet|cifar10"),
    "unknown preprocessing": (["--preprocessing", "imagnet"], "did you mean imagenet"),
    "weights of a file": (["--weights", "w.pt", "--data", "pictures"], "name of one network"),
    "small resize": (
        ["--data", "pictures", "--preprocessing", "raw", "--resize", "4"],
        "--resize 4 is too small",
    ),
    "no threads": (["--threads", "0"], "1 thread or more"),
    "absent model": (["--against", "absent.onnx", "--data", "pictures"], "absent.onnx"),
    "unknown model": (["--against", "micronet-m9", "--data", "pictures"], "unknown model"),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_requests(
    case: str, cli: Cli, brightest: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pictures.parent)
    arguments, words = BAD_REQUESTS[case]
    if "--against" in arguments:
        arguments = [*arguments, "--preprocessing", "raw"]
    code, out, err = cli("evaluate", brightest.name, *arguments)
    assert (code, out) == (2, "")
    _one_line(err, words)


def test_unlabelled_images_alone_count_nothing(brightest: Path, pictures: Path) -> None:
    (pictures / "labels.csv").unlink()
    with pytest.raises(UsageError, match="has no labels"):
        run(brightest, pictures)
    with pytest.raises(UsageError, match="1 image or more, not 0"):
        run(brightest, None, against=str(brightest), limit=0)


def test_options_that_nothing_takes_are_refused(photographs: Path) -> None:
    with pytest.raises(UsageError, match=f"on record here: {SMALL}"):
        evaluate.run(EvaluateRequest(SMALL, photographs, settings=Settings(label_offset=1)))
    with pytest.raises(UsageError, match=f"here: {SMALL} and {SMALL}"):
        evaluate.run(EvaluateRequest(SMALL, photographs, against=SMALL, weights=Path("w.pt")))


class _Malicious:
    """A pickle that runs a command when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.trace}",)


def test_a_malicious_checkpoint_is_refused(cli: Cli, tmp_path: Path, photographs: Path) -> None:
    torch.save({"state_dict": _Malicious(tmp_path / "trace")}, tmp_path / "evil.pt")
    arguments = ("--weights", tmp_path / "evil.pt", "--data", photographs, "--json")
    code, out, err = cli("evaluate", SMALL, *arguments)
    assert code == 4
    assert json.loads(out)["reason_code"] == "unsafe-or-unreadable-weights"
    _one_line(err, "evil.pt")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        ("g (float[1,3,8,8] x) => (float[1,3,8,8] y) { y = Relu(x) }", "class scores"),
        ("g (float[1,4,8,8] x) => (float[1,4,8,8] y) { y = Relu(x) }", "one square image"),
        ("g (float[1,3,8,6] x) => (float[1,3,8,6] y) { y = Relu(x) }", "one square image"),
        ("g (float[2,3,8,8] x) => (float[2,3,8,8] y) { y = Relu(x) }", "one square image"),
        (
            "g (float[1,3,8,8] x, float[1,3,8,8] z) => (float[1,3,8,8] y) { y = Add(x, z) }",
            "2 inputs",
        ),
        (
            "g (float[1,3,8,8] x) => (float[1,3,8,8] y, float[1,3,8,8] z)"
            "{ y = Relu(x)\n z = Neg(x) }",
            "2 outputs",
        ),
    ],
)
def test_models_that_classify_no_images(
    graph: str, words: str, tmp_path: Path, pictures: Path
) -> None:
    onnx.save(graphs.proto(graph), tmp_path / "odd.onnx")
    with pytest.raises(RefusedError, match=words):
        run(tmp_path / "odd.onnx", pictures)


def test_answers_that_are_no_numbers(tmp_path: Path, pictures: Path) -> None:
    model = classifier(tmp_path / "nan.onnx", np.full((3, 3), np.inf))
    with pytest.raises(CheckFailedError, match=r"nan\.onnx answers NaN or infinity to 0\.png"):
        run(model, pictures)
