"""Small networks trained on small images: how much accuracy a change is worth."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import EnvironmentMissingError, RefusedError

if TYPE_CHECKING:
    from torch import Tensor, nn

_BATCH = 64
_WARM_UP = 0.15  # of all steps
_IDX_HEAD = {2049: 8, 2051: 16}  # bytes before labels and before images


@dataclass(frozen=True)
class Images:
    """Labelled images for training and others for testing.

    Attributes:
        train: uint8 (N, H, W, channels).
        train_labels: int64 (N,).
        test: uint8 (N, H, W, channels).
        test_labels: int64 (N,).
        description: what they are.
    """

    train: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    description: str

    def limited(self, train: int, test: int) -> Images:
        """Keep so many, evenly spaced, so that images sorted by class keep all classes."""
        some = [
            np.linspace(0, len(labels) - 1, min(count, len(labels))).astype(np.intp)
            for labels, count in ((self.train_labels, train), (self.test_labels, test))
        ]
        return Images(
            self.train[some[0]],
            self.train_labels[some[0]],
            self.test[some[1]],
            self.test_labels[some[1]],
            self.description,
        )


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to train; SGD with Nesterov momentum 0.9 in batches of 64.

    Attributes:
        epochs: passes over the images.
        learning_rate: at its highest; it rises over the first 15 % of the steps and falls to 0.
        seeds: repetitions, each with weights and an order of its own.
        train_images: at most so many are trained on.
        test_images: at most so many are tested on.
    """

    epochs: int
    learning_rate: float
    seeds: int
    train_images: int
    test_images: int

    @property
    def words(self) -> str:
        """Say it in one line."""
        return (
            f"SGD, Nesterov momentum 0.9, learning rate {self.learning_rate:g}, {self.epochs} "
            f"epochs of {self.train_images} images in batches of {_BATCH}, {self.seeds} seeds"
        )


def mnist(data: Path | None) -> Images:
    """Read MNIST's idx files from ``DATA/mnist``, compressed by gzip.

    Raises:
        EnvironmentMissingError: they are not there.
        RefusedError: one of them is damaged.
    """
    folder = _folder(data, "mnist")
    parts = []
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            found = sorted(folder.glob(f"{part}*-{kind}-ubyte.gz"))
            if not found:
                raise EnvironmentMissingError(f"{folder} has no {part}*-{kind}-ubyte.gz of MNIST")
            parts.append(_idx(found[0]))
    train, train_labels, test, test_labels = parts
    return Images(
        train[..., np.newaxis],
        train_labels.astype(np.int64),
        test[..., np.newaxis],
        test_labels.astype(np.int64),
        "MNIST",
    )


def cifar10(data: Path | None) -> Images:
    """Read ``SPLIT/CLASS/*.jpg`` of 32x32 from the archive ``DATA/cifar10/*.tar.xz``.

    Raises:
        EnvironmentMissingError: it is not there.
        RefusedError: it is damaged or has no such images.
    """
    from PIL import Image

    folder = _folder(data, "cifar10")
    archives = sorted(folder.glob("*.tar.xz"))
    if not archives:
        raise EnvironmentMissingError(f"{folder} has no .tar.xz of CIFAR-10 images")
    found: dict[str, list[tuple[str, NDArray[np.uint8]]]] = {"train": [], "test": []}
    try:
        with tarfile.open(archives[0]) as archive:
            for member in archive:
                split, _, rest = member.name.removeprefix("./").partition("/")
                content = archive.extractfile(member) if split in found else None
                if content is not None:
                    image = Image.open(io.BytesIO(content.read())).convert("RGB")
                    found[split].append((rest.partition("/")[0], np.asarray(image)))
    except (OSError, tarfile.TarError) as error:
        raise _damaged(archives[0], error) from error
    if not all(found.values()):
        raise _damaged(archives[0], "it has no train and test images")
    train, train_labels = _stacked(found["train"])
    test, test_labels = _stacked(found["test"])
    return Images(train, train_labels, test, test_labels, "CIFAR-10, stored as JPEG")


def _stacked(
    found: list[tuple[str, NDArray[np.uint8]]],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images sorted by class, and their labels: classes in the order of their names."""
    names = sorted({name for name, _ in found})
    ordered = sorted(found, key=lambda each: each[0])
    labels = np.array([names.index(name) for name, _ in ordered], np.int64)
    return np.stack([image for _, image in ordered]), labels


def accuracies(build: Callable[[], nn.Module], images: Images, recipe: Recipe) -> list[float]:
    """Train a network once for each seed and return the top-1 of each in per cent.

    Args:
        build: makes the network, which maps float32 (N, channels, H, W) to logits.
        images: what to train and test on; pixels become x / 127.5 - 1.
        recipe: how.
    """
    kept = images.limited(recipe.train_images, recipe.test_images)
    return [_accuracy(build, kept, recipe, seed) for seed in range(recipe.seeds)]


def _accuracy(build: Callable[[], nn.Module], images: Images, recipe: Recipe, seed: int) -> float:
    import torch
    from torch.nn import functional

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = build().train()
        inputs, labels = _tensor(images.train), torch.from_numpy(images.train_labels)
        per_epoch = len(labels) // _BATCH
        steps = recipe.epochs * per_epoch
        optimizer = torch.optim.SGD(
            module.parameters(), recipe.learning_rate, momentum=0.9, nesterov=True
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: min(
                (step + 1) / (_WARM_UP * steps), (steps - step) / ((1 - _WARM_UP) * steps)
            ),
        )
        for _ in range(recipe.epochs):
            for chosen in torch.split(torch.randperm(len(labels))[: per_epoch * _BATCH], _BATCH):
                optimizer.zero_grad()
                loss = functional.cross_entropy(module(inputs[chosen]), labels[chosen])
                torch.autograd.backward(loss)
                optimizer.step()
                schedule.step()
        return _top1_percent(module.eval(), images)


def _top1_percent(module: nn.Module, images: Images) -> float:
    import torch

    inputs, labels = _tensor(images.test), torch.from_numpy(images.test_labels)
    with torch.inference_mode():
        right = sum(
            int(torch.count_nonzero(module(batch).argmax(1) == wanted))
            for batch, wanted in zip(
                torch.split(inputs, 500), torch.split(labels, 500), strict=True
            )
        )
    return 100 * right / len(labels)


def _tensor(pixels: NDArray[np.uint8]) -> Tensor:
    import torch

    scaled = pixels.astype(np.float32) / 127.5 - 1
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


def _folder(data: Path | None, name: str) -> Path:
    if data is None:
        raise EnvironmentMissingError(
            f"this claim needs images: give a folder with {name}/ by --data or EDGEKIT_DATA"
        )
    if not (data / name).is_dir():
        raise EnvironmentMissingError(f"this claim needs images: there is no {data / name}")
    return data / name


def _idx(path: Path) -> NDArray[np.uint8]:
    """Read one idx file of bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
        head = _IDX_HEAD[int.from_bytes(content[:4], "big")]
        sizes = np.frombuffer(content, ">i4", (head - 4) // 4, 4)
        return np.frombuffer(content, np.uint8, offset=head).reshape(sizes)
    except (OSError, EOFError, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: object) -> RefusedError:
    return RefusedError(f"{path} cannot be read: {error}", reason_code="unreadable-data")
