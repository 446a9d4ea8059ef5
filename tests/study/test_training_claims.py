"""Claims that train: on data sets of a few drawn images, and without any."""

from __future__ import annotations

import dataclasses
import gzip
import io
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgekit.errors import RefusedError
from edgekit.study import claims
from edgekit.study.claims import CLAIMS, training
from edgekit.study.claims.papers import (
    depthwise_needs_batch_norm,
    shiftresnet_beside_resnet,
    shuffle_and_groups,
)
from tests.specimens.printed import documents
from tests.study.laboratory import FakeLaboratory

NAMES = [name for name, each in CLAIMS.items() if each.kind == "accuracy"]
TRAINING = [name for name in NAMES if name != "per-tensor-breaks-mobilenet-v1"]


def _idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">{1 + array.ndim}i", 2048 + array.ndim, *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST and CIFAR-10 of bars: a class is told by where a bright bar lies."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "mnist").mkdir()
    labels = np.repeat(np.arange(10), 26)  # sorted by class, as idx files may be
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 2 * label : 2 * label + 3] = 255
    for part in ("train", "t10k"):
        (folder / "mnist" / f"{part}-images-idx3-ubyte.gz").write_bytes(_idx(images))
        (folder / "mnist" / f"{part}-labels-idx1-ubyte.gz").write_bytes(_idx(labels))
    (folder / "cifar10").mkdir()
    with tarfile.open(folder / "cifar10" / "images.tar.xz", "w:xz") as archive:
        for split in ("train", "test"):
            for label in range(10):
                for number in range(10):
                    pixels = np.zeros((32, 32, 3), np.uint8)
                    pixels[:, 3 * label : 3 * label + 3] = 255
                    content = io.BytesIO()
                    Image.fromarray(pixels).save(content, "JPEG")
                    info = tarfile.TarInfo(f"./{split}/{label}/{number:04d}.jpg")
                    info.size = content.tell()
                    content.seek(0)
                    archive.addfile(info, content)
    return folder


def test_data_sets_are_read_as_they_are_stored(data: Path) -> None:
    digits = training.mnist(data)
    assert digits.train.shape == (260, 28, 28, 1)
    assert (digits.train[0, 0, :4, 0] > 0).tolist() == [True, True, True, False]
    few = digits.limited(20, 10)
    assert sorted(set(few.train_labels.tolist())) == list(range(10))
    colours = training.cifar10(data)
    assert colours.test.shape == (100, 32, 32, 3)
    assert colours.test_labels.tolist() == sorted(list(range(10)) * 10)
    assert colours.test[35, 0, 10].min() > 200  # class 3: columns 9 to 11
    assert colours.test[35, 0, 20].max() < 60


@pytest.mark.parametrize("name", NAMES)
def test_without_images_a_claim_cannot_be_tested(name: str, tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        found = claims.test(CLAIMS[name], FakeLaboratory(data=folder))
        assert found.verdict == "cannot be tested here"
        assert "needs images" in found.why


def test_damaged_images_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / "mnist" / f"{part}-ubyte.gz").write_bytes(gzip.compress(b"\0\0\0\0"))
    with pytest.raises(RefusedError, match="train-images"):
        training.mnist(tmp_path)
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "x.tar.xz").write_bytes(b"no archive")
    with pytest.raises(RefusedError, match=r"x\.tar\.xz"):
        training.cifar10(tmp_path)


@pytest.mark.parametrize("name", TRAINING)
def test_each_trains_for_real(name: str, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (depthwise_needs_batch_norm, shiftresnet_beside_resnet, shuffle_and_groups):
        monkeypatch.setattr(file, "_QUICK", training.Recipe(1, 0.02, 2, 128, 20))

    class Counting(FakeLaboratory):
        def cost(self, specimen: object) -> object:  # type: ignore[override]
            from edgekit.study.claims.laboratory import making

            return making.cost(specimen)  # type: ignore[arg-type]

    found = claims.test(CLAIMS[name], Counting(data=data))
    assert found.verdict != "cannot be tested here", found.why
    points = [each for each in found.measured if each.says != "not asked"]
    assert points[-1].samples == 2
    assert -100 <= points[-1].value <= 100
    assert "2 seeds" in points[-1].conditions["training"]


def test_training_learns_and_repeats(data: Path) -> None:
    from torch import nn

    def build() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 10))

    images = training.mnist(data)
    recipe = training.Recipe(4, 0.02, 2, 260, 100)
    first = training.accuracies(build, images, recipe)
    assert min(first) > 90  # ten kinds of images, all of a kind alike
    assert training.accuracies(build, images, recipe) == first
    shuffled = np.random.default_rng(0).permutation(images.train_labels)
    lost = dataclasses.replace(images, train_labels=shuffled)
    assert max(training.accuracies(build, lost, recipe)) < 50


def test_shifts_of_shipped_weights() -> None:
    found = claims.analyze_shifts()
    documents.check(found.document())
    assert found.network == "shiftresnet20-e3"
    assert len(found.layers) == 9
    assert len(found.directions) == 9
    for shares in ("weight_share", "energy_share"):
        assert sum(getattr(each, shares) for each in found.directions) == pytest.approx(1.0)
    # Each direction has as many channels; what is left over stays in the middle.
    middle = next(each for each in found.directions if (each.dy, each.dx) == (0, 0))
    assert all(each.channels <= middle.channels for each in found.directions)
    assert all(0 <= each.same <= 1 and 0 <= each.different <= 1 for each in found.layers)
    with pytest.raises(RefusedError, match="without weights"):
        claims.analyze_shifts("shiftresnet20-e1")
    with pytest.raises(RefusedError, match="no shifts"):
        claims.analyze_shifts("mobilenet-v1-0.25-cifar10")
