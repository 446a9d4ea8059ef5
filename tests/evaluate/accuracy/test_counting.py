"""What is counted: right answers, ranks, agreement, and over which images."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit import evaluate
from edgekit.evaluate import EvaluateRequest, PairedDifference, Share
from edgekit.evaluate.distance import Distance
from tests.evaluate.accuracy.colours import COLOURS, RAW, SIDE, classifier, drawn, run


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_top1_and_the_classes(suffix: str, tmp_path: Path, pictures: Path) -> None:
    result = run(classifier(tmp_path / f"m{suffix}", np.eye(3)), pictures)
    assert result.answers.top1 == (0, 1, 2, 0)
    assert result.answers.ranks == (0, 0, 0, 1)
    assert result.answers.top(1) == Share(3, 4)
    assert result.answers.top(5) is None  # three classes
    rows = [(row.label, row.images, row.correct) for row in result.per_class]
    assert rows == [(0, 1, 1), (1, 2, 1), (2, 1, 1)]
    assert result.data.description == "folder pictures, 4 labelled images"
    assert result.against is result.distance is result.agreement is result.top1_difference is None


def test_class_subfolders_name_the_classes(tmp_path: Path, brightest: Path) -> None:
    for name, colour in zip(("a-red", "b-green"), COLOURS, strict=False):
        (tmp_path / "tree" / name).mkdir(parents=True)
        Image.new("RGB", (SIDE, SIDE), colour).save(tmp_path / "tree" / name / "1.png")
    result = run(brightest, tmp_path / "tree")
    assert [(row.name, row.correct) for row in result.per_class] == [("a-red", 1), ("b-green", 1)]
    assert any("2 class subfolders for 3 classes" in note for note in result.notes)
    assert any("2 of 2 images have the size of the input" in note for note in result.notes)


def test_top5_counts_ties_in_the_order_of_the_classes(tmp_path: Path) -> None:
    model = classifier(tmp_path / "ties.onnx", np.ones((3, 7)))
    result = run(model, drawn(tmp_path / "p", (0, 0, 0, 0), (0, 4, 5, 6)))
    assert result.answers.top1 == (0, 0, 0, 0)
    assert result.answers.ranks == (0, 4, 5, 6)
    assert result.answers.top(5) == Share(2, 4)


def test_comparing_with_a_second_model(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    swapped = classifier(tmp_path / "swapped.tflite", np.eye(3)[[1, 0, 2]])
    result = run(swapped, pictures, against=str(brightest))
    assert result.against is not None
    assert result.distance is not None
    assert result.agreement == Share(1, 4)
    assert result.top1_difference == PairedDifference(1, 2, 4)
    # Three images are off by one channel of 255 there and one here, the reference has one channel.
    assert result.distance.sqnr_db == pytest.approx(10 * np.log10(4 / 6))
    assert result.distance.max_rel_error == pytest.approx(1)
    same = run(brightest, pictures, against=str(brightest))
    assert same.distance == Distance(4 * 255.0**2, 0, 0)
    assert same.distance.sqnr_db is None
    assert same.agreement == Share(4, 4)


def test_unlabelled_images_compare(tmp_path: Path, brightest: Path, pictures: Path) -> None:
    (pictures / "labels.csv").unlink()
    other = classifier(tmp_path / "other.tflite", 1.01 * np.eye(3))
    result = run(other, pictures, against=str(brightest))
    assert result.distance is not None
    assert result.distance.sqnr_db == pytest.approx(40, abs=1e-3)
    assert result.answers.top(1) is result.answers.ranks is result.top1_difference is None
    assert result.agreement == Share(4, 4)
    assert result.per_class == ()


def test_synthetic_images_serve_where_there_are_none(tmp_path: Path, brightest: Path) -> None:
    other = classifier(tmp_path / "other.tflite", np.eye(3))
    result = run(other, None, against=str(brightest), limit=5)
    assert result.data.source == "synthetic"
    assert result.data.description == "5 synthetic 1/f images, seed 0 (no photographs)"
    assert result.labels is None
    assert result.agreement == Share(5, 5)


def test_an_open_batch_is_one(tmp_path: Path, pictures: Path) -> None:
    model = classifier(tmp_path / "open.onnx", np.eye(3), batch="n")
    assert run(model, pictures).answers.top1 == (0, 1, 2, 0)


def test_memory_does_not_grow_with_the_images(tmp_path: Path, brightest: Path) -> None:
    big = (600, 600)  # a megabyte each

    def peak(name: str, count: int) -> int:
        root = tmp_path / name
        root.mkdir()
        Image.new("RGB", big, COLOURS[0]).save(root / "0.png")
        for number in range(1, count):
            (root / f"{number}.png").symlink_to(root / "0.png")
        tracemalloc.start()
        try:
            run(brightest, root, against=str(brightest))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak("warm", 2)  # imports and caches
    assert peak("many", 40) - peak("few", 4) < 600 * 600


def test_a_part_of_the_images(brightest: Path, pictures: Path) -> None:
    result = run(brightest, pictures, limit=2)
    assert result.files == ("0.png", "2.png")
    assert "evenly spaced among 4" in result.data.description


def test_progress_counts_every_image(brightest: Path, pictures: Path) -> None:
    seen: list[tuple[int, int]] = []
    request = EvaluateRequest(str(brightest), pictures, settings=RAW)
    evaluate.run(request, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
