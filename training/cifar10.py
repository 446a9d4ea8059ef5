"""Train the small networks that edgekit ships with weights, on CIFAR-10 images.

    python training/cifar10.py NAME --data DIR --output FILE.safetensors

DIR has ``train/<class>/*`` and ``test/<class>/*``, images of 32x32. The recipe is the row of
``RECIPES``: SGD with Nesterov momentum 0.9, a linear warm-up and a linear descent of the
learning rate, label smoothing 0.1, random flips and crops out of 4 pixels of reflected border.
The last epoch is kept: the test images choose nothing. Progress goes to stderr; the last line
on stdout is one JSON object with the recipe and the accuracy in float32.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from edgekit import models

BATCH = 128
WARM_UP = 0.15  # of all steps
SMOOTHING = 0.1
BORDER = 4


@dataclass(frozen=True)
class Recipe:
    """How one network is trained; ``bfloat16`` and ``compiled`` only save time."""

    epochs: int
    learning_rate: float
    weight_decay: float
    bfloat16: bool = False
    compiled: bool = False
    seed: int = 0


RECIPES = {
    "mobilenet-v1-0.25-cifar10": Recipe(50, 0.2, 5e-4, bfloat16=True),
    "shufflenet-v1-0.5x-g3-cifar10": Recipe(40, 0.2, 5e-4, compiled=True),
    "shiftresnet20-e3": Recipe(45, 0.2, 5e-4, bfloat16=True),
    "micronet-m0-cifar10": Recipe(40, 0.2, 1e-4),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    arguments = parser.parse_args()
    recipe = RECIPES[arguments.name]
    if arguments.epochs:
        recipe = Recipe(**{**asdict(recipe), "epochs": arguments.epochs})
    spec = models.get(arguments.name)
    images, labels = _read(arguments.data / "train")
    test = _read(arguments.data / "test")

    torch.manual_seed(recipe.seed)
    module = spec.build().to(memory_format=torch.channels_last)
    normalize = spec.preprocessing.apply
    _train(module, recipe, torch.from_numpy(normalize(images)), torch.from_numpy(labels))
    module.eval()
    top1 = _accuracy(module, torch.from_numpy(normalize(test[0])), torch.from_numpy(test[1]))

    state = {key: value.contiguous() for key, value in module.state_dict().items()}
    safetensors.torch.save_file(state, arguments.output)
    record = {"name": spec.name, "images": len(images), "top1_percent": top1, **asdict(recipe)}
    print(json.dumps(record))


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (N, 32, 32, 3), and labels, int64: classes in the order of their names."""
    images, labels = [], []
    for label, name in enumerate(sorted(path.name for path in folder.iterdir())):
        for path in sorted((folder / name).iterdir()):
            images.append(np.asarray(Image.open(path).convert("RGB")))
            labels.append(label)
    return np.stack(images), np.array(labels, np.int64)


def _train(module: nn.Module, recipe: Recipe, images: Tensor, labels: Tensor) -> None:
    decayed = [p for p in module.parameters() if p.ndim > 1]
    others = [p for p in module.parameters() if p.ndim <= 1]
    optimizer = torch.optim.SGD(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": others}],
        lr=recipe.learning_rate, momentum=0.9, nesterov=True,
    )  # fmt: skip
    per_epoch = len(images) // BATCH
    steps = recipe.epochs * per_epoch

    def factor(step: int) -> float:
        return min((step + 1) / (WARM_UP * steps), (steps - step) / ((1 - WARM_UP) * steps))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    forward = torch.compile(module) if recipe.compiled else module
    padded = functional.pad(images, (BORDER,) * 4, mode="reflect")
    module.train()
    begin = time.monotonic()
    for epoch in range(recipe.epochs):
        total = 0.0
        for chosen in torch.randperm(len(images))[: per_epoch * BATCH].split(BATCH):
            batch = _augment(padded[chosen], images.shape[-1])
            with torch.autocast("cpu", torch.bfloat16, enabled=recipe.bfloat16):
                logits = forward(batch)
            loss = functional.cross_entropy(
                logits.float(), labels[chosen], label_smoothing=SMOOTHING
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        seconds = time.monotonic() - begin
        print(f"epoch {epoch + 1} loss {total / per_epoch:.4f} {seconds:.0f} s", file=sys.stderr)


def _augment(padded: Tensor, size: int) -> Tensor:
    """Crop each image at its own place and mirror every second one, at random."""
    count, _, height, width = padded.shape
    top = torch.randint(height - size + 1, (count, 1))
    left = torch.randint(width - size + 1, (count, 1))
    rows = top + torch.arange(size)
    columns = left + torch.arange(size)
    mirrored = torch.rand(count, 1) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    index = torch.arange(count)[:, None, None]
    # Advanced indexing yields (N, H, W, C), which seen as NCHW is channels-last.
    return padded[index, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@torch.inference_mode()
def _accuracy(module: nn.Module, images: Tensor, labels: Tensor) -> float:
    right = sum(
        int((module(batch).argmax(1) == wanted).sum())
        for batch, wanted in zip(images.split(500), labels.split(500), strict=True)
    )
    return 100 * right / len(labels)


if __name__ == "__main__":
    main()
