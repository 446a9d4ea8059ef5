"""Notes on MobileNetV1: depthwise convolutions need batch norm, by MNIST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from edgekit.study.claims import citations, training
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.measured import Measured

if TYPE_CHECKING:
    from torch import nn

_FULL = training.Recipe(3, 0.02, 5, 20_000, 10_000)
_QUICK = training.Recipe(1, 0.02, 2, 2_000, 1_000)


def _net(*, grouped: bool, normalized: bool) -> nn.Module:
    """Return LeNet-5 with a depthwise and a 1x1 convolution in place of each 5x5 one.

    In the notes the second depthwise convolution is printed without its groups, so that it is a
    dense one: ``grouped`` says which is meant.
    """
    from torch import nn

    def norm(channels: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(channels)] if normalized else []

    return nn.Sequential(
        nn.Conv2d(1, 1, 5, padding=2), *norm(1), nn.ReLU(),
        nn.Conv2d(1, 6, 1), *norm(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 5, groups=6 if grouped else 1), *norm(6), nn.ReLU(),
        nn.Conv2d(6, 16, 1), *norm(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16 * 5 * 5, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def _of(*, grouped: bool) -> Callable[[Laboratory], Iterator[Measured]]:
    def measure(lab: Laboratory) -> Iterator[Measured]:
        recipe = _QUICK if lab.is_quick else _FULL
        images = training.mnist(lab.data)
        top1 = {
            normalized: training.accuracies(
                partial(_net, grouped=grouped, normalized=normalized), images, recipe
            )
            for normalized in (False, True)
        }
        conditions = {"data": images.description, "training": recipe.words}
        for normalized, each in top1.items():
            value, interval = ratio.of_seeds(each)
            name = f"{'with' if normalized else 'without'} batch norm"
            yield Measured("top-1, per cent", name, value, interval, len(each), "local", conditions)
        gained = [a - b for a, b in zip(top1[True], top1[False], strict=True)]
        value, interval = ratio.of_seeds(gained)
        yield Measured(
            "points of top-1 gained",
            "batch norm",
            value,
            interval,
            len(gained),
            "local",
            conditions,
        )

    return measure


CLAIMS = tuple(
    Claim(
        name=f"depthwise-needs-batch-norm-{name}",
        paper=citations.SEED_NOTES,
        where="note on depthwise convolutions",
        statement="a depthwise network reaches 87 % on MNIST, with batch norm 97.98 %",
        experiment="LeNet-5 with depthwise and 1x1 convolutions, with and without batch norm; the "
        f"second depthwise convolution {reading}; at least 2 points",
        kind="accuracy",
        bars=(Bar("points of top-1 gained", low=2.0),),
        measure=_of(grouped=grouped),
    )
    for name, grouped, reading in (
        ("grouped", True, "has its groups"),
        ("dense", False, "is dense, as the notes print it"),
    )
)
