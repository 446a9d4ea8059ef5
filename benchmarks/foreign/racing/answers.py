"""How far a .tflite is from the .onnx that it came from, whoever made it and in whatever layout."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.errors import EdgekitError
from edgekit.processes import child
from edgekit.runtimes import ModelInfo

_SEEDS = (0, 1)
_Array = npt.NDArray[np.generic]


class WrongAnswerError(Exception):
    """A file does not run, or gives other outputs; the message is one line."""


@dataclass(frozen=True)
class Answers:
    """What an .onnx gives on seeded noise, on ONNX Runtime without its optimizations.

    Attributes:
        feeds: arrays in the order of the file's inputs, for each seed.
        outputs: likewise, of its outputs.
    """

    feeds: tuple[tuple[_Array, ...], ...]
    outputs: tuple[tuple[_Array, ...], ...]


def of_onnx(path: Path) -> Answers:
    """Run an .onnx file as it is written."""
    info = child.describe(path)
    feeds = []
    for seed in _SEEDS:
        generator = np.random.default_rng(seed)
        feeds.append({
            tensor.name: _noise(generator, tuple(abs(n) for n in tensor.shape), tensor.dtype)
            for tensor in info.inputs
        })  # fmt: skip
    _, found = child.run(path, feeds, as_written=True)
    return Answers(
        tuple(tuple(feed.values()) for feed in feeds),
        tuple(tuple(each[tensor.name] for tensor in info.outputs) for each in found),
    )


def _noise(generator: np.random.Generator, shape: Sequence[int], dtype: str) -> _Array:
    if np.issubdtype(np.dtype(dtype), np.floating):
        return generator.standard_normal(shape).astype(dtype)
    return generator.integers(0, 2, shape).astype(dtype)


def error(path: Path, wanted: Answers) -> tuple[ModelInfo, float]:
    """Return what the runtime says about a .tflite, and its largest error.

    The error is a part of the range of the output that it is in. A file may have its axes in any
    other order, and its outputs in any order: what fits best counts.

    Raises:
        WrongAnswerError: it does not run, or an output is missing, or not finite.
    """
    try:
        info = child.describe(path)
        feeds = [
            {tensor.name: _turned(array, tensor.shape) for tensor, array in zip(
                info.inputs, feed, strict=True)}
            for feed in wanted.feeds
        ]  # fmt: skip
        _, found = child.run(path, feeds)
    except (EdgekitError, ValueError) as trouble:
        raise WrongAnswerError(str(trouble).splitlines()[0]) from trouble
    worst = 0.0
    for answer, expected in zip(found, wanted.outputs, strict=True):
        for output in expected:
            distances = [_distance(given, output) for given in answer.values()]
            worst = max(worst, min(distances, default=np.inf))
    if not np.isfinite(worst):
        raise WrongAnswerError("an output is missing, or not finite")
    return info, worst


def _turned(array: _Array, shape: Sequence[int]) -> _Array:
    """Return an input with its axes as a file has them: unchanged, or channels last."""
    if array.shape == tuple(shape):
        return array
    last = np.moveaxis(array, 1, -1)
    if last.shape != tuple(shape):
        raise ValueError(f"it takes {list(shape)}, where the source takes {list(array.shape)}")
    return np.ascontiguousarray(last)


def _distance(given: _Array, wanted: _Array) -> float:
    reference = wanted.astype(np.float64)
    spread = float(np.ptp(reference)) or float(np.abs(reference).max()) or 1.0
    differences = (
        float(np.abs(turned.astype(np.float64) - reference).max()) / spread
        for turned in _forms(given, wanted)
    )
    return min(differences, default=np.inf)


def _forms(given: _Array, wanted: _Array) -> Iterable[_Array]:
    """Yield an output with its axes in every order that has the wanted shape."""
    if given.ndim == wanted.ndim:
        for order in itertools.permutations(range(given.ndim)):
            if given.transpose(order).shape == wanted.shape:
                yield given.transpose(order)
    elif given.size == wanted.size:
        yield given.reshape(wanted.shape)
