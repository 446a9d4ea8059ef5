"""From what was read to sets of inputs: each sample is fitted, checked, and put into its batch.

Sets of inputs are made as they are taken; what is kept for the next pass is bounded. This is the
last station of a sample before the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from edgekit.data import ArraySamples, ImageFolder, SyntheticImages, arrays, images
from edgekit.data.arrays import Rows
from edgekit.errors import RefusedError
from edgekit.export.sources import parity_inputs
from edgekit.models import Preprocessing
from edgekit.quantize.samples.input_form import InputForm

Feed: TypeAlias = dict[str, np.ndarray]
_Maker: TypeAlias = Callable[[np.ndarray], np.ndarray]
Pass: TypeAlias = Callable[[], Iterator[Feed]]
"""Starts a new pass through samples; see `edgekit.quantize.running.observe.Feeds`."""

_MOST_KEPT_BYTES = 64 << 20  # of pixels, between one pass and the next
_LARGEST_IMAGE_BYTES = 270_000_000  # in an array; as large as a file of one image may be


def with_images(
    source: ImageFolder | SyntheticImages, form: InputForm, wanted: Preprocessing, what: str
) -> Pass:
    """Fill inputs with all images of a source, put through the preprocessing.

    Args:
        source: a whole number of batches.
        form: of the network, whose only input takes such an image.
        wanted: the preprocessing.
        what: what to call the source in a message.
    """
    numbers = range(len(source.files))
    squares = _Squares(lambda i: _square(source.pixels(i), wanted, source.files[i]))

    def start() -> Iterator[Feed]:
        (only,) = form.inputs
        dtype = np.dtype(form.kind(only).dtype)
        fitted = ({only: _normalized(squares.read(i), wanted, dtype)} for i in numbers)
        return _filled(form, fitted, numbers, what)

    return start


class _Squares:
    """What a network sees of images; the first of them are read and cut once for all passes.

    Args:
        cut: gives the pixels of an image by its number.
    """

    def __init__(self, cut: Callable[[int], images.Pixels]) -> None:
        self._cut = cut
        self._kept: dict[int, images.Pixels] = {}
        self._left = _MOST_KEPT_BYTES

    def read(self, number: int) -> images.Pixels:
        found = self._kept.get(number)
        if found is None:
            found = self._cut(number)
            if found.nbytes <= self._left:
                self._left -= found.nbytes
                self._kept[number] = found
        return found


def with_rows(
    found: ArraySamples,
    numbers: Sequence[int],
    form: InputForm,
    preprocessing: Preprocessing | None,
    what: str,
) -> Pass:
    """Fill inputs with rows of arrays.

    Args:
        found: the arrays.
        numbers: of the samples, ascending, a whole number of batches.
        form: of the network.
        preprocessing: of arrays that hold images; None if unknown.
        what: what to call the arrays in a message.

    Raises:
        RefusedError: an array does not fit its input (reason "bad-samples").
        UsageError: an array holds images, and nobody knows the preprocessing.
    """
    makers: list[Mapping[str, _Maker]] = []
    for part in found.parts:
        of_part = {name: _maker(name, rows, form, preprocessing) for name, rows in part.items()}
        makers += [of_part] * next(iter(part.values())).shape[0]

    def start() -> Iterator[Feed]:
        samples = (
            {name: makers[number][name](values) for name, values in sample.items()}
            for number, sample in zip(numbers, found.read(numbers), strict=True)
        )
        return _filled(form, samples, numbers, what)

    return start


def with_noise(form: InputForm, count: int, seed: int, what: str) -> Pass:
    """Fill inputs with normal noise."""

    def start() -> Iterator[Feed]:
        return _filled(form, (_noise(form, seed, i) for i in range(count)), range(count), what)

    return start


def _noise(form: InputForm, seed: int, number: int) -> Feed:
    generator = np.random.default_rng((seed, number))
    return {
        name: parity_inputs.normal(form.kind(name), shape, generator)
        for name, shape in form.sample.items()
    }


def _square(pixels: images.Pixels, wanted: Preprocessing, name: str) -> images.Pixels:
    """Return what a network sees of an image."""
    return images.fit(pixels, wanted.resize, wanted.crop, wanted.interpolation, name)


def _normalized(square: images.Pixels, wanted: Preprocessing, dtype: np.dtype) -> np.ndarray:
    """Return pixels as an input takes them; whole ones where that holds integers."""
    return np.asarray(wanted.apply(square[None])[0], dtype)


def _maker(name: str, rows: Rows, form: InputForm, preprocessing: Preprocessing | None) -> _Maker:
    """Return what makes a row of an array the sample of an input."""
    shape, row, dtype = form.sample[name], rows.shape[1:], np.dtype(form.kind(name).dtype)
    if row == shape or (1, *row) == shape:
        if rows.dtype == dtype:
            return lambda values: values.reshape(shape)
        if rows.dtype.kind in "iu" and dtype.kind in "iu":
            return lambda values: arrays.as_integers(values.reshape(shape), dtype, rows.label)
    is_images = rows.dtype == np.uint8 and len(row) == 3 and row[2] == 3 and min(row) > 0
    if is_images and rows.row_bytes <= _LARGEST_IMAGE_BYTES:
        wanted = form.image_preprocessing(preprocessing, rows.label)
        return lambda pixels: _normalized(_square(pixels, wanted, rows.label), wanted, dtype)
    asked = f"{dtype} {_text(shape)}"
    if form.image_side is not None:
        asked += " or uint8 images (N, H, W, 3)"
    advice = ""
    if row == shape:
        advice = f": save it with .astype('{dtype}')"
    elif len(row) == 3 and (row[2], *row[:2]) == shape:
        advice = ": save it with .transpose(0, 3, 1, 2) and np.ascontiguousarray"
    raise arrays.bad(
        f"{rows.label} is {rows.dtype} {_text(row, rows.shape[0])}, but the input {name!r} takes "
        f"{asked}{advice}"
    )


def _filled(
    form: InputForm, samples: Iterator[Feed], numbers: Sequence[int], what: str
) -> Iterator[Feed]:
    """Yield sets of inputs, each filled with the next samples.

    Args:
        form: of the network.
        samples: a whole number of batches.
        numbers: of each sample in ``what``, for messages.
        what: what to call their source in a message.

    Raises:
        RefusedError: a sample holds NaN or infinity (reason "not-finite").
    """
    waiting: list[Feed] = []
    for number, sample in zip(numbers, samples, strict=True):
        for name, values in sample.items():
            if not np.isfinite(values).all():
                raise RefusedError(
                    f"{what}: sample {number} (counted from 0) has NaN or infinity in "
                    f"{name!r}: take it out",
                    reason_code="not-finite",
                )
        waiting.append(sample)
        if len(waiting) == form.batch:
            yield {
                name: np.stack([each[name] for each in waiting]).reshape(shape)
                for name, shape in form.inputs.items()
            }
            waiting = []


def _text(shape: tuple[int, ...], count: int | str = "N") -> str:
    return f"({', '.join(map(str, (count, *shape)))})"
