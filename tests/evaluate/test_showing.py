"""`edgekit run`: images in, names or raw numbers out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit.bundle import metadata as writing
from edgekit.evaluate import read_labels
from edgekit.models import class_names, names
from edgekit.models import get as card
from tests.specimens import classifiers
from tests.specimens.commands import Cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("run")
    classifiers.brightest(place, classifiers.BGR)
    for label, colour in zip(classifiers.LABELS, classifiers.COLOURS, strict=True):
        Image.new("RGB", (20, 12), colour).save(place / f"{label}.png")
    (place / "labels.txt").write_text("red\ngreen\nblue\n")
    return place


@pytest.mark.parametrize("form", ["onnx", "tflite"])
def test_each_picture_gets_its_name(form: str, folder: Path, cli: Cli) -> None:
    file = next(folder.glob(f"brightest*float32.{form}"))
    pictures = [folder / f"{label}.png" for label in classifiers.LABELS]
    code, out, err = cli("run", file, *pictures, "--labels", folder / "labels.txt", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["schema"], document["schema_version"]) == ("edgekit.run", 2)
    best = [image["guesses"][0] for image in document["images"]]
    assert [each["label"] for each in best] == list(classifiers.LABELS)
    assert [each["index"] for each in best] == [0, 1, 2]
    code, out, _ = cli("run", file, pictures[1], "--labels", folder / "labels.txt", "--top", 2)
    assert code == 0
    assert out.splitlines()[2].split()[-1] == "green"


def test_raw_outputs_are_the_runtimes(folder: Path, cli: Cli) -> None:
    file = next(folder.glob("brightest*float32.onnx"))
    _, out, _ = cli("run", file, folder / "red.png", "--raw", "--json")
    (raw,) = json.loads(out)["images"][0]["outputs"]
    assert (raw["dtype"], raw["shape"]) == ("float32", [1, 3])
    np.testing.assert_allclose(raw["values"], [1.0, 0.0, 0.0], atol=1e-6)


def test_labels_in_the_file_itself(folder: Path, cli: Cli, tmp_path: Path) -> None:
    from tests.bundle.test_metadata import _described

    file = tmp_path / "own.tflite"
    original = next(folder.glob("brightest*float32.tflite"))
    file.write_bytes(writing.to_tflite(original.read_bytes(), _described()))
    code, out, _ = cli("run", file, folder / "blue.png", "--preprocessing", "raw")
    assert code == 0
    assert {"red", "green", "blue"} <= set(out.split())


@pytest.mark.parametrize(
    ("labels", "words"),
    [("a\nb\n", "names 2 classes"), ("a\n\nc\n", "empty line"), ("", "no line")],
)
def test_labels_that_do_not_fit(
    labels: str, words: str, folder: Path, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "labels.txt").write_text(labels)
    file = next(folder.glob("brightest*float32.onnx"))
    code, _, err = cli("run", file, folder / "red.png", "--labels", tmp_path / "labels.txt")
    assert code == 4
    assert words in err


def test_what_is_missing(folder: Path, cli: Cli) -> None:
    assert cli("run", "absent.onnx", folder / "red.png")[0] == 2
    assert cli("run", next(folder.glob("*float32.onnx")), "absent.png")[0] == 2


def test_class_names_of_shipped_weights(data_dir: Path) -> None:
    for name in names():
        trained = card(name).trained
        found = class_names.of_model(name, "untrained (seed 0)")
        assert found is None
        if trained is not None:
            found = class_names.of_model(name, f"trained on {trained.trained_on}")
            assert found is not None
            assert len(found) == card(name).classes
            assert list(found) == sorted(found)  # as training/cifar10.py numbers its folders
    assert len(read_labels_of(data_dir)) == 1000


def read_labels_of(data_dir: Path) -> tuple[str, ...]:
    return read_labels(data_dir / "images" / "imagenet_1k_labels.txt")
