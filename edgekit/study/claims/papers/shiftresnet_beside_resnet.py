"""ShiftNet: a shift network beside a residual one of as many parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgekit import models
from edgekit.models import layers
from edgekit.study.claims import citations, training
from edgekit.study.claims.claim import Bar, Claim
from edgekit.study.claims.laboratory import ratio
from edgekit.study.claims.laboratory.base import Laboratory
from edgekit.study.claims.laboratory.specimen import Specimen
from edgekit.study.claims.measured import Measured, exact

if TYPE_CHECKING:
    from torch import nn

_FULL = training.Recipe(5, 0.05, 3, 10_000, 10_000)
_QUICK = training.Recipe(1, 0.05, 2, 256, 256)
_SHIFT = Specimen("shiftresnet20-e1")
_WIDTHS = (6, 11, 23)


def _unit(inputs: int, outputs: int, stride: int) -> nn.Module:
    body = layers.chain(
        layers.ConvBnAct(inputs, outputs, 3, stride=stride, act="relu"),
        layers.ConvBnAct(outputs, outputs, 3),
    )
    shortcut = None if stride == 1 else layers.ConvBnAct(inputs, outputs, 1, stride=stride)
    return layers.chain(layers.Residual(body, shortcut), layers.ReLU())


def _resnet() -> nn.Module:
    """Return ResNet-20 so narrow that it has the parameters of the shift network."""
    made: list[nn.Module] = [layers.ConvBnAct(3, _WIDTHS[0], 3, act="relu")]
    inputs = _WIDTHS[0]
    for width in _WIDTHS:
        for index in range(3):
            made.append(_unit(inputs, width, 2 if index == 0 and width != inputs else 1))
            inputs = width
    return layers.chain(*made, layers.GlobalAvgPool(), layers.Linear(inputs, 10))


_RESNET = Specimen("resnet-20-narrow", _resnet, (1, 3, 32, 32))


def _measure(lab: Laboratory) -> Iterator[Measured]:
    recipe = _QUICK if lab.is_quick else _FULL
    images = training.cifar10(lab.data)
    conditions = {"data": images.description, "training": recipe.words}
    params = lab.cost(_RESNET).params / lab.cost(_SHIFT).params
    yield exact("parameters ratio", f"{_RESNET.name} / {_SHIFT.name}", params)
    top1 = {
        _SHIFT.name: training.accuracies(models.get(_SHIFT.name).build, images, recipe),
        _RESNET.name: training.accuracies(_resnet, images, recipe),
    }
    for name, each in top1.items():
        value, interval = ratio.of_seeds(each)
        yield Measured("top-1, per cent", name, value, interval, len(each), "local", conditions)
    gained = [a - b for a, b in zip(*top1.values(), strict=True)]
    value, interval = ratio.of_seeds(gained)
    yield Measured(
        "points of top-1 gained", f"{_SHIFT.name} over {_RESNET.name}", value, interval,
        recipe.seeds, "local", conditions,
    )  # fmt: skip


CLAIMS = (
    Claim(
        name="shift-beats-matched-resnet",
        paper=citations.SHIFT,
        where="Table of CIFAR-100 (authors' README)",
        statement="with as many parameters ShiftResNet is more accurate than a ResNet: 65.83 and "
        "60.72 % on CIFAR-100",
        experiment="shiftresnet20-e1 beside ResNet-20 of widths 6, 11 and 23 (as many parameters, "
        "within 5 %), on CIFAR-10",
        kind="accuracy",
        bars=(Bar("parameters ratio", 0.95, 1.05), Bar("points of top-1 gained", low=0.0)),
        measure=_measure,
    ),
)
