"""The weights that come with the package are what their cards say."""

from __future__ import annotations

import tarfile
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from edgekit import evaluate, export, models
from edgekit.data import folder
from edgekit.evaluate import EvaluateRequest
from edgekit.export.sources import source
from tests.specimens.networks import one_thread  # noqa: F401 (an autouse fixture)

SHIPPED = [name for name in models.names() if models.get(name).trained]


@pytest.fixture(scope="session")
def cifar10(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test images, a subfolder a class."""
    archive = data_dir / "cifar10" / "cifar10_jpeg_test10k_train20k.tar.xz"
    if not archive.is_file():
        pytest.skip(f"no CIFAR-10 images under {data_dir}")
    where = tmp_path_factory.mktemp("cifar10")
    with tarfile.open(archive) as packed:
        members = [m for m in packed.getmembers() if m.name.removeprefix("./").startswith("test/")]
        packed.extractall(where, members, filter="data")
    return where / "test"


def test_every_reference_family_has_one() -> None:
    families = {models.get(name).family for name in SHIPPED}
    assert families == {"mobilenet-v1", "shufflenet-v1", "shiftresnet", "micronet"}


def test_they_are_small() -> None:
    trained = resources.files("edgekit.models") / "trained"
    sizes = {item.name: len(item.read_bytes()) for item in trained.iterdir()}
    assert sorted(sizes) == sorted(f"{name}.safetensors" for name in SHIPPED)
    assert sum(sizes.values()) < 6_000_000


@pytest.fixture(scope="session")
def test_set(cifar10: Path) -> tuple[np.ndarray, torch.Tensor]:
    """All images, uint8 (N, 32, 32, 3), and their labels."""
    listed = folder.read(cifar10)
    assert listed.labels is not None
    pixels = np.stack([listed.pixels(number) for number in range(len(listed.files))])
    return pixels, torch.tensor(listed.labels)


@pytest.mark.parametrize("name", SHIPPED)
def test_accuracy_is_what_the_card_says(
    name: str, test_set: tuple[np.ndarray, torch.Tensor]
) -> None:
    spec = models.get(name)
    module = models.trained(spec).to(memory_format=torch.channels_last)
    pixels, labels = test_set
    right = 0
    for start in range(0, len(pixels), 500):
        images = torch.from_numpy(spec.preprocessing.apply(pixels[start : start + 500]))
        with torch.inference_mode():
            top = module(images.contiguous(memory_format=torch.channels_last)).argmax(1)
        right += int((top == labels[start : start + 500]).sum())
    assert spec.trained is not None
    # A handful of images lie within float rounding of another class.
    assert 100 * right / len(pixels) == pytest.approx(spec.trained.top1_percent, abs=0.05)


@pytest.mark.parametrize("name", SHIPPED)
def test_files_answer_as_torch_does(name: str, cifar10: Path, tmp_path: Path) -> None:
    files = export.to_files(source.resolve(name), ["onnx", "tflite"], tmp_path)
    answers = [
        evaluate.run(EvaluateRequest(str(subject), cifar10, limit=200)).answers.top1
        for subject in (name, *(entry.path for entry in files))
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_seed_asks_for_random_weights() -> None:
    name = SHIPPED[0]
    assert source.resolve(name).weights.startswith("trained on ")
    assert source.resolve(name, seed=0).weights == "untrained (seed 0)"
