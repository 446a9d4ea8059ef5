"""What is asked of a model file that is shown images, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgekit.data import array_samples
from edgekit.errors import UsageError
from edgekit.evaluate.settings import Settings
from edgekit.files.documents import Document
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import Source


@dataclass(frozen=True)
class ShowRequest:
    """A model file and the images to show it.

    Attributes:
        model: the file.
        images: image files, or files and folders of arrays (`edgekit.data.array_samples.read`),
            at least one.
        labels: file of class names, one a line; None takes those in the file itself, or of the
            network's card.
        top: how many classes of each image to name.
        raw: give the outputs as they are instead, of any model.
        settings: see `Settings`.

    Raises:
        UsageError: there is no image, or nothing to name.
    """

    model: Path
    images: tuple[Path, ...]
    labels: Path | None = None
    top: int = 5
    raw: bool = False
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if not self.images:
            raise UsageError("no image is given: name one or more image files, or a .npz")
        kinds = {array_samples.holds_arrays(each) for each in self.images}
        if len(kinds) > 1:
            raise UsageError("images and arrays are given together: give either")
        if self.top < 1:
            raise UsageError(f"--top takes a number from 1 on, not {self.top}")


@dataclass(frozen=True)
class Guess:
    """One class of an answer.

    Attributes:
        index: number of the class, from 0.
        label: its name; None if nobody knows it.
        score: as the file gives it, a logit or a probability; of quantized outputs the real value.
    """

    index: int
    label: str | None
    score: float


@dataclass(frozen=True)
class RawOutput:
    """One output as it is.

    Attributes:
        name: of the tensor.
        dtype: numpy's name of the element type.
        shape: sizes in the file's layout.
        values: all elements in C order, not dequantized.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class ShownImage:
    """What a model answers to one image, or one sample of arrays.

    Attributes:
        file: the image as it was given; of arrays their file, and the sample's number.
        guesses: the best classes, best first; none if raw outputs were asked for.
        outputs: raw ones, if they were asked for.
    """

    file: str
    guesses: tuple[Guess, ...]
    outputs: tuple[RawOutput, ...]


@dataclass(frozen=True)
class ShowResult(Document):
    """What a model answers to images.

    Attributes:
        file: the model file as it was given.
        runtime: package and version that computed.
        preprocessing: how pixels became the input; None where arrays did.
        preprocessing_from: who said so; None likewise.
        images: in the order given.
    """

    schema = "edgekit.run"
    schema_version = 2

    file: str
    runtime: str
    preprocessing: Preprocessing | None
    preprocessing_from: Source | None
    images: tuple[ShownImage, ...]
