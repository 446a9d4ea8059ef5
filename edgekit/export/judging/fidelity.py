"""How close an integer file's outputs are to the float network's, and how close they must be.

The comparison with a simulation (`edgekit.export.parity`) asks whether a runtime computes what
the encodings say. This one asks whether the encodings say what the network means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgekit.export.judging.answers import answer_of
from edgekit.export.judging.sqnr import EXACT_DB, Noise
from edgekit.export.parity import Arrays, without_infinities


@dataclass(frozen=True)
class OutputFidelity:
    """One output over all inputs.

    Attributes:
        output: its name.
        sqnr_db: signal to noise ratio; -200 where values are missing or not finite.
        max_abs_error: largest difference of any element; None where one is not finite.
        least_db: the smallest ratio that passes.
        inputs: number of inputs compared.
        agreement: share of its places (pixels, vectors of scores) with the same class; None where
            it has no classes.
    """

    output: str
    sqnr_db: float
    max_abs_error: float | None
    least_db: float
    inputs: int
    agreement: float | None

    @property
    def passed(self) -> bool:
        """True if the output is close enough."""
        return self.sqnr_db >= self.least_db


@dataclass(frozen=True, eq=False)
class Yardstick:
    """What a file is held against.

    Attributes:
        feeds: sets of inputs, NCHW, that the encodings were made for.
        answers: what the float network answers to each.
        least_db: the smallest signal to noise ratio that passes, by output name.
        first_fault: says where in the network the values go wrong; called for a file that does
            not pass.
    """

    feeds: tuple[Arrays, ...]
    answers: tuple[Arrays, ...]
    least_db: Mapping[str, float]
    first_fault: Callable[[], str]


def judge(yardstick: Yardstick, answers: Sequence[Arrays]) -> tuple[OutputFidelity, ...]:
    """Compare a file's answers to the yardstick's inputs, output by output."""
    return tuple(
        _one(name, least, yardstick.answers, answers) for name, least in yardstick.least_db.items()
    )


def _one(
    name: str, least_db: float, wanted: Sequence[Arrays], answers: Sequence[Arrays]
) -> OutputFidelity:
    noise, largest, same, places = Noise(), 0.0, 0, 0
    for truth, given in zip(wanted, answers, strict=True):
        exact, answer = truth[name], given.get(name)
        if answer is None or answer.shape != exact.shape:
            return OutputFidelity(name, -EXACT_DB, None, least_db, len(wanted), None)
        exact, answer = without_infinities(exact, answer)
        if not (np.isfinite(exact).all() and np.isfinite(answer).all()):
            return OutputFidelity(name, -EXACT_DB, None, least_db, len(wanted), None)
        noise.add(exact, answer)
        difference = np.abs(answer.astype(np.float64) - exact)
        largest = max(largest, float(difference.max(initial=0.0)))
        classes = answer_of(exact)
        if classes is not None:
            same += int((classes == answer_of(answer)).sum())
            places += classes.size
    agreement = same / places if places else None
    return OutputFidelity(name, noise.sqnr_db, largest, least_db, len(wanted), agreement)


@dataclass(frozen=True)
class OtherKernels:
    """What a file answers on kernels that its runtime does not choose by itself.

    Attributes:
        kernels: whose, as the runtime calls them.
        max_rel_error: largest difference from the expected answer, as a part of its range.
        tolerance: the largest that passes.
        trouble: why they did not run the file; empty if they did.
    """

    kernels: str
    max_rel_error: float
    tolerance: float
    trouble: str = ""

    @property
    def passed(self) -> bool:
        """True if the kernels run the file and answer as they should."""
        return not self.trouble and self.max_rel_error <= self.tolerance
