"""Does a written file compute what its source computes?

The file runs in a child process on the runtime that it is written for, on several inputs, and
its outputs are compared with the source's.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Arrays: TypeAlias = Mapping[str, np.ndarray]

MAX_RELATIVE_ERROR = 1e-4
"""Largest error allowed in float32, as a part of the reference output's range."""

_LEAST_VARIATION = 2.0**-8
"""Of an output, as a part of its largest value: MAX_RELATIVE_ERROR of it is three roundings."""

_SAYS_NOTHING = 2.0**-20
"""Below which part of its largest value an output that is for all inputs the same is one number."""

SHARE_OF_ALL = 1e-2
"""Of what a single number is for all inputs: an error of one in a hundred in the smallest is found
where the inputs' sizes are four powers of ten apart."""

INCOMPARABLE = sys.float_info.max
"""The error of an output that is missing, of another shape or not finite."""


@dataclass(frozen=True)
class Parity:
    """How far a file's answers are from its source's, over all inputs and outputs.

    Attributes:
        reference: what gave the expected answers, e.g. ``torch 2.13.0``.
        inputs: number of inputs compared.
        max_abs_error: largest difference of any element.
        max_rel_error: the same as a part of the range (max - min) of its reference output.
        min_cosine: smallest cosine similarity of any output.
        top1_agreement: inputs whose largest output has the same place; ties within the allowed
            error count as agreement. None where no output is a vector of classes.
        tolerance: the largest ``max_rel_error`` that passes.
    """

    reference: str
    inputs: int
    max_abs_error: float
    max_rel_error: float
    min_cosine: float
    top1_agreement: int | None
    tolerance: float

    @property
    def passed(self) -> bool:
        """True if the error is within tolerance and every top-1 agrees."""
        return self.max_rel_error <= self.tolerance and self.top1_agreement in (None, self.inputs)


def compare(
    reference: str,
    expected: Sequence[Arrays],
    answers: Sequence[Arrays],
    tolerance: float = MAX_RELATIVE_ERROR,
    spans: Mapping[str, float] | None = None,
) -> Parity:
    """Compare two lists of outputs, one entry an input, by output name.

    An error is a part of the output's range, and of no less than ``spans`` says, by name.

    A missing output, another shape, and a NaN or an infinity counts as the largest error that
    JSON can hold. Only where the truth has the same one in the same place, as masked scores have,
    it is equal; what holds nothing else is no evidence, and counts as that error too.
    """
    max_abs = max_rel = 0.0
    min_cosine, agreed, ranked = 1.0, 0, False
    least = dict(spans or {})
    for name, found in _least_spans(expected).items():
        least[name] = max(found, least.get(name, 0.0))
    for wanted, given in zip(expected, answers, strict=True):
        agrees = True
        for name, truth in wanted.items():
            answer = given.get(name)
            if answer is None or answer.shape != truth.shape or not _alike(truth, answer):
                max_abs = max_rel = INCOMPARABLE
                min_cosine, agrees = -1.0, False
                continue
            truth, answer = without_infinities(truth, answer)
            exact = truth.astype(np.float64)  # outputs may be integers or truth values
            error = float(np.abs(answer.astype(np.float64) - exact).max(initial=0.0))
            size = max(span(exact), least.get(name, 0.0))
            max_abs, max_rel = max(max_abs, error), max(max_rel, error / size)
            min_cosine = min(min_cosine, _cosine(truth, answer))
            if truth.ndim == 2 and truth.shape[1] > 1:
                ranked = True
                agrees &= _same_top1(exact, answer, tolerance * size)
        agreed += agrees
    return Parity(
        reference=reference,
        inputs=len(expected),
        max_abs_error=max_abs,
        max_rel_error=max_rel,
        min_cosine=min_cosine,
        top1_agreement=agreed if ranked else None,
        tolerance=tolerance,
    )


def _turned(arrays: Arrays, maps: Collection[str], order: Sequence[int]) -> dict[str, np.ndarray]:
    return {
        name: np.asarray(array.transpose(order) if name in maps else array, order="C")
        for name, array in arrays.items()
    }


def to_nhwc(arrays: Arrays, maps: Collection[str]) -> dict[str, np.ndarray]:
    """Return NCHW arrays as a .tflite file takes them; ``maps`` are those that it has as NHWC."""
    return _turned(arrays, maps, (0, 2, 3, 1))


def to_nchw(arrays: Arrays, maps: Collection[str]) -> dict[str, np.ndarray]:
    """Return answers of a .tflite file in the source's order; ``maps`` as in `to_nhwc`."""
    return _turned(arrays, maps, (0, 3, 1, 2))


def span(exact: np.ndarray) -> float:
    """Return the range of one output, float64, that errors are a part of.

    Where an output hardly varies, as a saturated sigmoid does, its size counts instead, so that
    the last digits of float32 are no error. A single number has no range: its size is all.
    """
    largest = float(np.abs(exact).max(initial=0.0))
    if exact.size == 1:
        return largest or 1.0
    return max(float(np.ptp(exact)) if exact.size else 0.0, largest * _LEAST_VARIATION) or 1.0


def _least_spans(expected: Sequence[Arrays]) -> dict[str, float]:
    """Return the least range of some outputs, by name.

    A runtime's sigmoid is exact to the last digits of its range, not of a value near zero; what
    an output of one number is for all the inputs says what its range is. An output that is one
    and the same number for all of them has its size for a range, as a single number has.
    """
    gathered: dict[str, list[np.ndarray]] = {}
    for arrays in expected:
        for name, array in arrays.items():
            if array.size and _finite(array):
                gathered.setdefault(name, []).append(array.astype(np.float64))
    found = {}
    for name, each in gathered.items():
        low, high = min(float(a.min()) for a in each), max(float(a.max()) for a in each)
        largest = max(abs(low), abs(high))
        if high - low <= _SAYS_NOTHING * largest:
            found[name] = largest
        elif all(array.size == 1 for array in each):
            found[name] = SHARE_OF_ALL * (high - low)
    return found


def without_infinities(truth: np.ndarray, answer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both, of one shape, with zeros where they have the same NaN or infinity."""
    same = ~np.isfinite(truth) & ((truth == answer) | (np.isnan(truth) & np.isnan(answer)))
    if not same.any():
        return truth, answer
    return np.where(same, 0, truth), np.where(same, 0, answer)


def _alike(truth: np.ndarray, answer: np.ndarray) -> bool:
    """Tell whether two arrays of one shape are finite but for what is the same in both."""
    says_something = not truth.size or bool(np.isfinite(truth).any())
    return says_something and _finite(*without_infinities(truth, answer))


def _finite(*arrays: np.ndarray) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _cosine(left: np.ndarray, right: np.ndarray) -> float:
    a, b = left.astype(np.float64).ravel(), right.astype(np.float64).ravel()
    norms = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / norms if norms else float(np.array_equal(a, b))


def _same_top1(truth: np.ndarray, answer: np.ndarray, tie: float) -> bool:
    chosen = np.take_along_axis(truth, answer.argmax(axis=1)[:, None], axis=1)[:, 0]
    return bool((truth.max(axis=1) - chosen <= tie).all())
