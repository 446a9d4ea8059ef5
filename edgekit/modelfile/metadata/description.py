"""What an app needs to know of an image classifier, as both formats can hold it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgekit.models import Preprocessing


@dataclass(frozen=True)
class Normalization:
    """From 8-bit pixels to input values: ``(pixel - mean[c]) / std[c]``.

    Attributes:
        mean: one value for all channels, or one a channel.
        std: likewise, none of them 0.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or len(self.mean) not in (1, 3):
            raise ValueError(f"normalization has 1 or 3 means and stds, got {self}")
        if not all(map(math.isfinite, (*self.mean, *self.std))) or min(self.std) <= 0:
            raise ValueError(f"means are finite and stds positive, got {self}")

    @property
    def per_channel(self) -> bool:
        """Whether the channels differ."""
        return len(set(zip(self.mean, self.std, strict=True))) > 1


def normalization_of(wanted: Preprocessing) -> Normalization:
    """Return a preprocessing's normalization in units of 8-bit pixels; one value where it can be.

    The numbers are rounded to 9 digits, more than a float32 holds.
    """
    mean = tuple(_rounded(value / wanted.scale) for value in wanted.mean)
    std = tuple(_rounded(value / wanted.scale) for value in wanted.std)
    found = Normalization(mean, std)
    return found if found.per_channel else Normalization(mean[:1], std[:1])


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")


@dataclass(frozen=True)
class TensorDescription:
    """One input or output.

    Attributes:
        name: for people and for app code; the tensor's own name in the file stays.
        description: what it holds, in one line.
        normalization: of an image input; None for others.
        color_space: of an image input, ``RGB``; empty for others.
        label_file: name of the file of class names, for scores; empty if there is none.
        score_threshold: scores below it are not worth showing; None if nobody said so.
    """

    name: str
    description: str = ""
    normalization: Normalization | None = None
    color_space: str = ""
    label_file: str = ""
    score_threshold: float | None = None


@dataclass(frozen=True)
class FileDescription:
    """A model file's metadata.

    Attributes:
        name: of the model.
        description: in one line.
        version: of the model.
        author: who made it.
        license: of the weights.
        inputs: in the file's order.
        outputs: in the file's order.
        labels: class names in the order of the scores; empty if there are none.
    """

    name: str
    description: str
    version: str
    author: str
    license: str
    inputs: tuple[TensorDescription, ...]
    outputs: tuple[TensorDescription, ...]
    labels: tuple[str, ...] = ()
