"""The card of one network: what it is, what it costs, what was published about it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgekit.models.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import nn

_NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


@dataclass(frozen=True)
class Published:
    """One figure that the authors or an official source printed.

    Attributes:
        metric: what was measured, such as "top-1", "top-1 error", "params" or "macs".
        value: the number as printed.
        unit: "%", "M" (millions) and the like.
        dataset: what it was measured on; empty for a property of the network itself.
        source: where it is printed.
    """

    metric: str
    value: float
    unit: str
    dataset: str
    source: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.value) or self.value < 0:
            raise ValueError(f"a published value must be finite and >= 0, got {self.value}")
        if not (self.metric and self.unit and self.source):
            raise ValueError(f"a published figure needs metric, unit and source: {self}")


@dataclass(frozen=True)
class Trained:
    """The weights that come with the package, and how they came about.

    Attributes:
        top1_percent: correct answers, in float32, on all images of ``evaluated_on``.
        trained_on: the images.
        evaluated_on: other images, which chose nothing.
        recipe: how, in one line; the script is training/cifar10.py.
        seed: of that script.
    """

    top1_percent: float
    trained_on: str
    evaluated_on: str
    recipe: str
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.top1_percent <= 100:
            raise ValueError(f"top-1 is a percentage, got {self.top1_percent}")
        if not (self.trained_on and self.evaluated_on and self.recipe):
            raise ValueError(f"trained weights need their data and recipe: {self}")


@dataclass(frozen=True)
class ModelSpec:
    """One network of the zoo.

    Attributes:
        name: the registry's key: lower case letters, digits, dots and hyphens.
        family: the family's name, common to all its sizes.
        build: makes the network with torch's own random weights.
        input_shape: (1, 3, height, width): float32 NCHW, batch 1.
        classes: number of logits.
        params: trainable parameters, affine pairs of batch norm included.
        macs: multiply-accumulates for one image, by the convention of ``models.count``.
        preprocessing: how images become input.
        paper: citation with its arXiv number.
        published: figures printed by the authors or an official source.
        macs_published_convention: the cost by the authors' own convention, where it differs.
        note: a reading or a doubt that users of the network should know.
        library: for a baseline, the net of another library that it is ("pytorchcv:resnet18");
            empty for edgekit's own networks.
        trained: the weights that come with the package; None where there are none.
    """

    name: str
    family: str
    build: Callable[[], nn.Module]
    input_shape: tuple[int, int, int, int]
    classes: int
    params: int
    macs: int
    preprocessing: Preprocessing
    paper: str
    published: tuple[Published, ...]
    macs_published_convention: int | None = None
    note: str = ""
    library: str = ""
    trained: Trained | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"not a model name: {self.name!r}")
        crop = self.preprocessing.crop
        if self.input_shape != (1, 3, crop, crop):
            raise ValueError(
                f"{self.name}: input shape {self.input_shape} is not (1, 3, {crop}, {crop}), "
                "which is what its preprocessing makes"
            )
        costs = (self.classes, self.params, self.macs, self.macs_published_convention or self.macs)
        if min(costs) <= 0:
            raise ValueError(f"{self.name}: classes, params and macs must be positive")
        if "arXiv" not in self.paper:
            raise ValueError(f"{self.name}: the paper's citation lacks its arXiv number")
