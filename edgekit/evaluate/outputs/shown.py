"""What is shown to files whose outputs are judged: arrays, images, or seeded values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from edgekit.data import (
    ArraySamples,
    ImageFolder,
    SyntheticImages,
    array_samples,
    folder,
    images,
    masks,
)
from edgekit.data.masks import MaskedImages
from edgekit.errors import RefusedError, UsageError
from edgekit.evaluate import tensors
from edgekit.evaluate.outputs.file_form import FileForm
from edgekit.evaluate.tensors import ImageInput
from edgekit.export import Artifact
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import NOTHING, Source
from edgekit.runtimes import ModelInfo
from edgekit.runtimes.worker import seeded_inputs

RANDOM_SETS, SYNTHETIC_IMAGES = 16, 64

Feed = dict[str, np.ndarray]


@dataclass(frozen=True)
class OpenFile:
    """A file that is open, and how it takes images.

    Attributes:
        form: its inputs and outputs, those of the second file as the first has them.
        info: what its runtime says.
        known: its record, if it has one.
        image: its image input; None if it has none.
        wanted: how pixels become that; None if nobody knows.
        by: who says so; None likewise.
    """

    form: FileForm
    info: ModelInfo
    known: Artifact | None
    image: ImageInput | None
    wanted: Preprocessing | None
    by: Source | None


class Shown(Protocol):
    """Sets of inputs."""

    @property
    def source(self) -> Literal["arrays", "folder", "synthetic", "random"]:
        """Where they came from."""
        ...

    @property
    def description(self) -> str:
        """The same in one line."""
        ...

    @property
    def count(self) -> int:
        """How many sets there are."""
        ...

    def feeds(self, files: Sequence[OpenFile]) -> Iterator[tuple[str, list[Feed]]]:
        """Yield for each set what to call it, and what each file takes."""
        ...


@dataclass(frozen=True)
class Arrays:
    """Samples of arrays, in whole batches of the first file."""

    found: ArraySamples
    numbers: tuple[int, ...]
    batch: int

    source: Literal["arrays"] = "arrays"

    @property
    def description(self) -> str:
        """Where they are."""
        return self.found.described(len(self.numbers))

    @property
    def count(self) -> int:
        """Sets of inputs."""
        return len(self.numbers) // self.batch

    def feeds(self, files: Sequence[OpenFile]) -> Iterator[tuple[str, list[Feed]]]:
        """See `Shown`."""
        first = files[0].form
        waiting: list[Feed] = []
        for number, sample in zip(self.numbers, self.found.read(self.numbers), strict=True):
            for name, values in sample.items():
                if not np.isfinite(values).all():
                    raise RefusedError(
                        f"{self.found.where}: sample {number} (counted from 0) has NaN or "
                        f"infinity in {name!r}: take it out",
                        reason_code="not-finite",
                    )
            waiting.append(sample)
            if len(waiting) == self.batch:
                arrays = [
                    np.stack([each[form.tensor.name] for each in waiting]).reshape(form.shape)
                    for form in first.inputs
                ]
                name = f"{self.found.where.name}, sample {number - self.batch + 1}"
                yield name, [each.form.feed(arrays) for each in files]
                waiting = []


@dataclass(frozen=True)
class Pictures:
    """Images, each cut and normalized as each file wants it."""

    shown: ImageFolder | SyntheticImages
    description: str

    @property
    def source(self) -> Literal["folder", "synthetic"]:
        """Where they came from."""
        return "synthetic" if isinstance(self.shown, SyntheticImages) else "folder"

    @property
    def count(self) -> int:
        """Images."""
        return len(self.shown.files)

    def feeds(self, files: Sequence[OpenFile]) -> Iterator[tuple[str, list[Feed]]]:
        """See `Shown`."""
        for index, name in enumerate(self.shown.files):
            pixels = self.shown.pixels(index)
            yield name, [_of_image(each, pixels, name) for each in files]


@dataclass(frozen=True)
class Drawn:
    """Seeded values."""

    count: int

    source: Literal["random"] = "random"

    @property
    def description(self) -> str:
        """What they are."""
        return f"{self.count} sets of random values, seeds 0 to {self.count - 1} (no real inputs)"

    def feeds(self, files: Sequence[OpenFile]) -> Iterator[tuple[str, list[Feed]]]:
        """See `Shown`."""
        first = files[0]
        for seed in range(self.count):
            drawn = seeded_inputs(first.info.inputs, seed)
            values = [form.real(drawn[form.tensor.name]) for form in first.form.inputs]
            yield f"seed {seed}", [each.form.feed(values) for each in files]


def choose(
    data: Path | ImageFolder | None, limit: int | None, files: Sequence[OpenFile]
) -> tuple[Shown, MaskedImages | None]:
    """Return what to show to the files, and the label maps of the images if there are any.

    Raises:
        InvalidPathError: there is nothing at ``data``.
        RefusedError: the arrays do not fit the inputs (reason "bad-samples"), or a file takes no
            image (reason "not-an-image-model").
        UsageError: too few samples (reason "no-samples"), or nobody knows the preprocessing.
    """
    if isinstance(data, Path) and array_samples.holds_arrays(data):
        return _arrays(data, limit, files[0].form), None
    takes_images = all(each.image is not None for each in files)
    if data is None:
        if takes_images and all(each.wanted is not None for each in files):
            side = max(each.wanted.resize for each in files if each.wanted is not None)
            made = SyntheticImages(SYNTHETIC_IMAGES if limit is None else limit, side)
            return Pictures(made, made.description), None
        return Drawn(RANDOM_SETS if limit is None else limit), None
    for each in files:
        tensors.image_input(each.info, each.form.name)
        if each.wanted is None and each.image is not None:
            NOTHING.over(None, each.image.side, each.form.name)  # which says what is missing
    if isinstance(data, Path) and masks.is_masked(data):
        masked = masks.read(data)
        masked = masked if limit is None else masked.limited(limit)
        return Pictures(masked.shown, masked.description), masked
    found = folder.read(data) if isinstance(data, Path) else data
    found = found if limit is None else found.limited(limit)
    return Pictures(found, found.description), None


def _arrays(data: Path, limit: int | None, form: FileForm) -> Arrays:
    found = array_samples.read(data, form.samples)
    form.check(found)
    batch = form.batch
    numbers = found.chosen(None if limit is None else limit * batch)
    usable = len(numbers) // batch * batch
    if not usable:
        raise UsageError(
            f"{data}: {len(numbers)} samples do not fill the batch {batch} of {form.name}; give "
            "more of them",
            reason_code="no-samples",
        )
    return Arrays(found, tuple(numbers[:usable]), batch)


def _of_image(file: OpenFile, pixels: images.Pixels, name: str) -> Feed:
    if file.image is None or file.wanted is None:
        raise ValueError(f"{file.form.name} takes no images")
    wanted = file.wanted
    fitted = images.fit(pixels, wanted.resize, wanted.crop, wanted.interpolation, name)
    return {file.image.tensor.name: file.image.encode(fitted, wanted)}
