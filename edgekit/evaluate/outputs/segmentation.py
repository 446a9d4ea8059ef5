"""Label maps against a network's: intersection over union, class by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgekit.errors import RefusedError

IGNORED = 255
"""The label of pixels that do not count."""


@dataclass(frozen=True)
class Segmentation:
    """Pixels over all images; sums grow with `plus`.

    Attributes:
        both: of each class, pixels with that label which the network gives it.
        labelled: of each class, pixels with that label.
        given: of each class, pixels which the network gives it; those without a label left out.
    """

    both: tuple[int, ...]
    labelled: tuple[int, ...]
    given: tuple[int, ...]

    @classmethod
    def of(cls, classes: int) -> Segmentation:
        """Return that of no image."""
        none = (0,) * classes
        return cls(none, none, none)

    @property
    def iou(self) -> tuple[float | None, ...]:
        """Intersection over union of each class; None where no pixel has or gets it."""
        return tuple(
            both / (labelled + given - both) if labelled + given else None
            for both, labelled, given in zip(self.both, self.labelled, self.given, strict=True)
        )

    @property
    def mean_iou(self) -> float | None:
        """Mean over the classes that some pixel has or gets; None without any."""
        found = [each for each in self.iou if each is not None]
        return sum(found) / len(found) if found else None

    @property
    def pixel_accuracy(self) -> float | None:
        """Share of labelled pixels that the network gives their class; None without any."""
        total = sum(self.labelled)
        return sum(self.both) / total if total else None

    def plus(self, labels: np.ndarray, answers: np.ndarray, file: str) -> Segmentation:
        """Return the sums with one more image.

        Args:
            labels: integers (H, W), `IGNORED` where a pixel does not count.
            answers: the network's classes, (H, W) of any size; labels are read at its pixels.
            file: what to call the labels in a message.

        Raises:
            RefusedError: a label is no class of the network (reason "bad-labels").
        """
        classes = len(self.both)
        truth = _sampled(labels, answers.shape)
        counted = truth != IGNORED
        truth, found = truth[counted].astype(np.int64), answers[counted].astype(np.int64)
        highest = int(truth.max(initial=0))
        if highest >= classes:
            raise RefusedError(
                f"{file} has the label {highest}, but the network has {classes} classes, 0 to "
                f"{classes - 1}: correct the labels, or mark such pixels as {IGNORED}",
                reason_code="bad-labels",
            )
        found = np.where((found < 0) | (found >= classes), classes, found)  # none of the classes
        same = np.bincount(truth[truth == found], minlength=classes)
        sums = (same, *(np.bincount(each, minlength=classes) for each in (truth, found)))
        old = (self.both, self.labelled, self.given)
        return Segmentation(
            *(
                tuple(a + int(b) for a, b in zip(before, more[:classes], strict=True))
                for before, more in zip(old, sums, strict=True)
            )
        )


def _sampled(labels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the labels at the centres of the pixels of a map of another size."""
    height, width = shape
    rows, columns = (
        ((np.arange(size) + 0.5) * full / size).astype(np.int64)
        for size, full in zip((height, width), labels.shape, strict=True)
    )
    sampled: np.ndarray = labels[rows[:, None], columns]
    return sampled
