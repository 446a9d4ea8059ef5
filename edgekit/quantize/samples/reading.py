"""The calibration samples: which there are, and how many of them are used.

A sample goes from here (`read`) through its source (`edgekit.data` or `arrays`) to `filling`, and
from there to the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgekit.data import SyntheticImages, array_samples, arrays, folder
from edgekit.errors import InvalidPathError, UsageError
from edgekit.export.sources.input_bounds import Kind
from edgekit.models import Preprocessing
from edgekit.quantize.samples import filling
from edgekit.quantize.samples.filling import Feed, Pass
from edgekit.quantize.samples.input_form import InputForm

SYNTHETIC_COUNT = 32
"""CalibrationSamples that are made where none are given and no number is asked for."""

_SEED = 2  # parity and evaluation draw other images: a network is not judged by these
_FEW = 8


@dataclass(frozen=True)
class CalibrationSamples:
    """Calibration samples; a call starts a new pass through them, so they are `observe.Feeds`.

    Attributes:
        description: what they are, in one line.
        count: how many there are; those in one batch count singly.
        batch: how many are in one set of inputs.
        synthetic: whether they stand in for real ones.
        files: the images, as paths below their folder; empty if they are not from a folder.
        start: makes the sets of inputs of one pass.
    """

    description: str
    count: int
    batch: int
    synthetic: bool
    files: tuple[str, ...]
    start: Pass = field(repr=False, compare=False)

    @property
    def sets(self) -> int:
        """How many sets of inputs one pass yields."""
        return self.count // self.batch

    def __call__(self) -> Iterator[Feed]:
        """Yield inputs by name, NCHW in the graph's batch, each set as it is taken.

        Raises:
            InvalidPathError: a file is gone.
            RefusedError: a file is damaged (reasons "unreadable-image", "bad-samples"), or a
                sample holds NaN or infinity (reason "not-finite").
        """
        return self.start()


def read(
    where: Path | None,
    inputs: Mapping[str, tuple[int, ...]],
    preprocessing: Preprocessing | None,
    limit: int | None,
    kinds: Mapping[str, Kind] | None = None,
) -> CalibrationSamples:
    """Prepare the calibration samples of a network.

    If the network takes a batch, consecutive samples fill it, as many as fill it wholly. Of more
    samples than are used, those used are evenly spaced.

    Args:
        where: a folder of images; a ``.npy``, or a ``.npz`` with an array for each input, whose
            first axis counts the samples: in the input's own type, (N, C, H, W) of an image that
            is preprocessed already, or uint8 RGB images (N, H, W, 3); a folder of such files (see
            `edgekit.data.array_samples.read`); or None for seeded synthetic images, or normal noise
            if the network takes no image or its preprocessing is not known.
        inputs: shape by name, batch first; where inputs differ in their first size, a sample has
            the whole shape.
        preprocessing: how pixels become the input; None if unknown.
        limit: how many samples to take at most; None takes all.
        kinds: of the inputs that are not float32.

    Raises:
        InvalidPathError: there is nothing of that name, or no image in it (reason "no-samples").
        UsageError: the limit is below 1, the samples fill no batch (reason "no-samples"), or
            images were given and nobody knows the preprocessing.
        RefusedError: the samples do not fit the network (reasons "bad-samples",
            "not-an-image-model"), or as `data.folder.read`.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"calibration takes 1 sample or more, not {limit}")
    form = InputForm.of(inputs, kinds)
    if where is None:
        return _made(form, preprocessing, limit)
    if where.is_dir() and not array_samples.holds_arrays(where):
        return _of_folder(where, form, preprocessing, limit)
    if not where.exists():
        raise InvalidPathError(f"{where}: there is no such folder or file to calibrate with")
    if not where.is_dir() and where.suffix.lower() not in arrays.SUFFIXES:
        raise InvalidPathError(
            f"cannot calibrate with {where}: give a .npz, a .npy or a folder of images or arrays"
        )
    return _of_arrays(where, form, preprocessing, limit)


def warnings_about(samples: CalibrationSamples) -> tuple[str, ...]:
    """Return what makes these samples poor ones to calibrate with, one line each.

    No more of them are read than it takes to see two that differ.

    Raises:
        InvalidPathError, RefusedError: as a pass through the samples.
    """
    found = []
    if samples.synthetic:
        found.append(
            f"calibrated on {samples.description}: real inputs may reach other ranges; give some "
            "with --calibration-data"
        )
    if samples.count < _FEW:
        noun = "sample" if samples.count == 1 else "samples"
        found.append(
            f"calibrated on only {samples.count} {noun}: others may reach further; give {_FEW} or "
            "more"
        )
    if not samples.synthetic:
        found.extend(_sameness(samples))
    return tuple(found)


def _of_folder(
    where: Path, form: InputForm, preprocessing: Preprocessing | None, limit: int | None
) -> CalibrationSamples:
    wanted = form.image_preprocessing(preprocessing, str(where))
    try:
        listed = folder.read(where)
    except InvalidPathError as error:
        if isinstance(error.__cause__, OSError):
            raise
        raise InvalidPathError(str(error), reason_code="no-samples") from error
    chosen = listed.limited(form.usable(len(listed.files), limit, str(where)))
    start = filling.with_images(chosen, form, wanted, str(where))
    return CalibrationSamples(
        chosen.description, len(chosen.files), form.batch, False, chosen.files, start
    )


def _of_arrays(
    where: Path, form: InputForm, preprocessing: Preprocessing | None, limit: int | None
) -> CalibrationSamples:
    found = array_samples.read(where, form.sample)
    numbers = found.chosen(form.usable(found.count, limit, str(where)))
    start = filling.with_rows(found, numbers, form, preprocessing, str(where))
    count = len(numbers)
    return CalibrationSamples(found.described(count), count, form.batch, False, (), start)


def _made(
    form: InputForm, preprocessing: Preprocessing | None, limit: int | None
) -> CalibrationSamples:
    count = form.usable(limit or max(SYNTHETIC_COUNT, form.batch), None, "synthetic samples")
    if preprocessing is not None and 1 < preprocessing.crop == form.image_side:
        drawn = SyntheticImages(count, preprocessing.crop, _SEED)
        start = filling.with_images(drawn, form, preprocessing, drawn.description)
        return CalibrationSamples(drawn.description, count, form.batch, True, (), start)
    noun = "sample" if count == 1 else "samples"
    description = f"{count} {noun} of normal noise, seed {_SEED} (no real inputs)"

    start = filling.with_noise(form, count, _SEED, description)
    return CalibrationSamples(description, count, form.batch, True, (), start)


def _sameness(samples: CalibrationSamples) -> Iterator[str]:
    constant, identical, first = True, samples.count > 1, None
    for feed in samples():
        first = first or feed
        constant = constant and all(map(_is_constant, feed.values()))
        identical = identical and all(_repeats(values, first[n]) for n, values in feed.items())
        if not (constant or identical):
            return
    if constant:
        yield "every calibration sample is one value throughout, as black images are: give others"
    elif identical:
        yield f"all {samples.count} calibration samples are the same: give different ones"


def _is_constant(values: np.ndarray) -> bool:
    """Tell whether each channel of each sample is one value, or each sample if it is no map."""
    is_map = values.ndim > 2 and values[0, 0].size > 1
    flat = values.reshape(*values.shape[: 1 + is_map], -1)
    return flat.shape[-1] > 1 and bool((flat.min(-1) == flat.max(-1)).all())


def _repeats(values: np.ndarray, first: np.ndarray) -> bool:
    """Tell whether every sample of a batch is the first one of all."""
    return bool((values == np.atleast_1d(first)[:1]).all())
