"""The weights that come with the package are what their cards say."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch

from edgekit import evaluate, export, models
from edgekit.data import folder
from edgekit.evaluate import EvaluateRequest
from edgekit.export.sources import source
from tests.specimens.drawn import cifar10 as cifar10_images
from tests.specimens.networks import one_thread  # noqa: F401 (an autouse fixture)

SHIPPED = [name for name in models.names() if models.get(name).trained]


def test_every_reference_family_has_one() -> None:
    families = {models.get(name).family for name in SHIPPED}
    assert families == {"mobilenet-v1", "shufflenet-v1", "shiftresnet", "micronet"}


def test_they_are_small() -> None:
    trained = resources.files("edgekit.models") / "trained"
    sizes = {item.name: len(item.read_bytes()) for item in trained.iterdir()}
    assert sorted(sizes) == sorted(f"{name}.safetensors" for name in SHIPPED)
    assert sum(sizes.values()) < 6_000_000


def _classified(name: str, images: Path) -> tuple[int, int]:
    """Return how many images of a labelled folder a network finds, and of how many."""
    spec = models.get(name)
    module = models.trained(spec).to(memory_format=torch.channels_last)
    listed = folder.read(images)
    assert listed.labels is not None
    labels = torch.tensor(listed.labels)
    right = 0
    for start in range(0, len(labels), 500):
        numbers = range(start, min(start + 500, len(labels)))
        pixels = np.stack([listed.pixels(number) for number in numbers])
        given = torch.from_numpy(spec.preprocessing.apply(pixels))
        with torch.inference_mode():
            top = module(given.contiguous(memory_format=torch.channels_last)).argmax(1)
        right += int((top == labels[numbers.start : numbers.stop]).sum())
    return right, len(labels)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_accuracy_is_what_the_card_says(name: str, data_dir: Path, tmp_path: Path) -> None:
    right, of_all = _classified(
        name, cifar10_images.unpacked(data_dir, tmp_path, most=1000) / "test"
    )
    assert of_all == 10_000
    card = models.get(name).trained
    assert card is not None
    # A handful of images lie within float rounding of another class.
    assert 100 * right / of_all == pytest.approx(card.top1_percent, abs=0.05)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_tenth_of_the_images_is_classified_as_when_the_card_was_checked(
    name: str, cifar10: Path, repository: Path
) -> None:
    golden = json.loads((repository / "tests" / "golden" / "trained_top1.json").read_text())
    right, of_all = _classified(name, cifar10 / "test")
    assert of_all == 1000
    assert right == pytest.approx(golden[name], abs=1)  # one within float rounding, as above


@pytest.mark.parametrize("name", SHIPPED)
def test_files_answer_as_torch_does(name: str, cifar10: Path, tmp_path: Path) -> None:
    files = export.to_files(source.resolve(name), ["onnx", "tflite"], tmp_path)
    answers = [
        evaluate.run(EvaluateRequest(str(subject), cifar10 / "test", limit=200)).answers.top1
        for subject in (name, *(entry.path for entry in files))
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_seed_asks_for_random_weights() -> None:
    name = SHIPPED[0]
    assert source.resolve(name).weights.startswith("trained on ")
    assert source.resolve(name, seed=0).weights == "untrained (seed 0)"
