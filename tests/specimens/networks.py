"""What the tests of the zoo share: names, quick weights, one thread, a fresh interpreter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Set

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
    return _the_rest_is_slow({c.name: "a library" if c.library else c.family for c in cards})


def all_slow_but(*quick: str) -> list[object]:
    """Name every registered network; all but these are slow."""
    return _marked(models.names(baselines=True), set(quick))


def each_kind() -> list[object]:
    """Name every network of ours; all but the smallest of those that differ in size are slow.

    Sizes are widths, depths, expansions and resolutions; groups and the forms for CIFAR-10 are not.
    """
    size = re.compile(r"-[\d.]+x?(?=-|$)|\d+-e\d$|-[abc]$")
    return _the_rest_is_slow({name: size.sub("", name) for name in models.names(baselines=False)})


def _the_rest_is_slow(kinds: Mapping[str, str]) -> list[object]:
    smallest: dict[str, str] = {}
    for name in sorted(kinds, key=lambda name: models.get(name).macs):
        smallest.setdefault(kinds[name], name)
    return _marked(kinds, set(smallest.values()))


def _marked(names: Iterable[str], quick: Set[str]) -> list[object]:
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


def quickly_initialized(spec: models.ModelSpec, seed: int = 0) -> nn.Module:
    """Do as `models.initialize` on so few images that the statistics are poor, and soon done."""
    with torch.random.fork_rng(devices=[]):
        module = spec.build()
    side = spec.preprocessing.crop
    images = spec.preprocessing.apply(synthetic.images(_CALIBRATING, side, side, seed))
    return initialize_into(module, torch.from_numpy(images), seed)
