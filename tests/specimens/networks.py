"""What the tests of the zoo share: names, quick weights, one thread, a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from edgekit import models
from edgekit.data import synthetic
from edgekit.models.initialization import initialize_into

_CALIBRATING = 2  # images

SMALL = "shiftresnet20-e1"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def child(script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout


def each_registered(*, baselines: bool = True) -> list[object]:
    """Name every registered network; all but the smallest of each family of ours are slow."""
    cards = [models.get(name) for name in models.names(baselines=baselines)]
    shelves: dict[str, list[models.ModelSpec]] = {}
    for card in cards:
        shelves.setdefault("a library" if card.library else card.family, []).append(card)
    quick = {min(shelf, key=lambda card: card.macs).name for shelf in shelves.values()}
    return [
        card.name if card.name in quick else pytest.param(card.name, marks=pytest.mark.slow)
        for card in cards
    ]


def quickly_initialized(spec: models.ModelSpec, seed: int = 0) -> nn.Module:
    """Do as `models.initialize` on so few images that the statistics are poor, and soon done."""
    with torch.random.fork_rng(devices=[]):
        module = spec.build()
    side = spec.preprocessing.crop
    images = spec.preprocessing.apply(synthetic.images(_CALIBRATING, side, side, seed))
    return initialize_into(module, torch.from_numpy(images), seed)
