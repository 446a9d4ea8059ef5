"""How far one output of a file is from the same output of another file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from edgekit.errors import CheckFailedError
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.statistics import Share
from edgekit.export.judging.answers import answer_of


@dataclass(frozen=True)
class OutputDifference:
    """One output over all samples; sums grow with `plus`.

    Attributes:
        name: of the output, in the file under test.
        shape: NCHW.
        distance: of its values from the other file's.
        same: places with the same answer: the largest of the channels of each pixel, the top-1
            of a vector of scores, or the number itself of an output of integers.
        places: how many there were; 0 where an output has no such answer.
    """

    name: str
    shape: tuple[int, ...]
    distance: Distance = field(default_factory=Distance)
    same: int = 0
    places: int = 0

    @property
    def agreement(self) -> Share | None:
        """Places with the same answer; None where there are none."""
        return Share(self.same, self.places) if self.places else None

    @property
    def is_dense(self) -> bool:
        """Whether places are pixels."""
        return len(self.shape) > 2

    def plus(self, wanted: np.ndarray, given: np.ndarray) -> OutputDifference:
        """Return the sums with one more answer, of the same shape.

        Raises:
            CheckFailedError: the answers' shapes differ (reason "other-shape").
        """
        if wanted.shape != given.shape:
            raise CheckFailedError(
                f"the output {self.name!r} has the shapes {list(given.shape)} and "
                f"{list(wanted.shape)}: they cannot be compared",
                reason_code="other-shape",
            )
        exact, found = (each.astype(np.float64).ravel() for each in (wanted, given))
        more = replace(self, distance=self.distance.plus(exact, found) if exact.size else
                       self.distance)  # fmt: skip
        answers = [answer_of(each) for each in (wanted, given)]
        if answers[0] is None or answers[1] is None:
            return more
        same = int((answers[0] == answers[1]).sum())
        return replace(more, same=self.same + same, places=self.places + answers[0].size)
