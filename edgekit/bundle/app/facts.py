"""What the code of every language needs to know of one model file."""

from __future__ import annotations

from dataclasses import dataclass

from edgekit.bundle.manifest import Bundle, ModelEntry, Tensor
from edgekit.bundle.members import LABELS


@dataclass(frozen=True)
class AppFacts:
    """One file, seen by an app that holds an image of 8-bit red, green and blue.

    Attributes:
        entry: the file.
        image: its input.
        scores: its output.
        classes: number of scores.
        has_labels: whether the bundle has class names.
        slopes: of each of the file's channels, factor on the 8-bit pixel.
        offsets: of each of the file's channels, added after it.
        order: of each of the file's channels, which of red, green and blue it is.
    """

    entry: ModelEntry
    image: Tensor
    scores: Tensor
    classes: int
    has_labels: bool
    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    order: tuple[int, ...]

    @property
    def side(self) -> int:
        """Rows and columns of the image."""
        return self.entry.preprocessing.crop

    @property
    def file(self) -> str:
        """The model file's name."""
        return self.entry.path.rpartition("/")[2]


def facts_of(bundle: Bundle, entry: ModelEntry) -> AppFacts:
    """Return the facts of one file of a bundle."""
    p = entry.preprocessing
    rgb = p.channel_order == "RGB"
    return AppFacts(
        entry=entry,
        image=entry.inputs[0],
        scores=entry.outputs[0],
        classes=bundle.classes,
        has_labels=any(each.path == f"labels/{LABELS}" for each in bundle.contents),
        slopes=tuple(p.scale / std for std in p.std),
        offsets=tuple(-mean / std for mean, std in zip(p.mean, p.std, strict=True)),
        order=(0, 1, 2) if rgb else (2, 1, 0),
    )


def numbers(values: tuple[float, ...], suffix: str = "") -> str:
    """Return numbers for source code, exact enough for float32."""
    return ", ".join(f"{value:.9g}" + (".0" * f"{value:.9g}".lstrip("-").isdigit()) + suffix
                     for value in values)  # fmt: skip
