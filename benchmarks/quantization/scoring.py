"""How right a file's answers are, and how close to those of the float network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgekit.evaluate import PairedDifference, Share, tensors
from edgekit.evaluate.distance import Distance
from edgekit.models import Preprocessing
from edgekit.processes import served_model


@dataclass(frozen=True)
class Cropped:
    """Labelled images of the size of the input.

    Attributes:
        pixels: uint8, shape (N, H, W, 3).
        labels: their classes.
    """

    pixels: npt.NDArray[np.uint8]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """One file against the float network on the same images.

    Attributes:
        top1: images with the right answer.
        float_top1: those of the float network.
        difference: the former less the latter.
        agreement: images with the same answer from both.
        sqnr_db: signal to quantization noise ratio of the class scores; None for equal scores.
        runtime: what ran the file.
    """

    top1: Share
    float_top1: Share
    difference: PairedDifference
    agreement: Share
    sqnr_db: float | None


def scores(path: Path, shown: Cropped, wanted: Preprocessing) -> npt.NDArray[np.float64]:
    """Return a file's class scores, shape (images, classes), from its own runtime, one thread.

    Raises:
        EdgekitError: the runtime rejects the file or crashes on it, or it is no classifier.
    """
    answers = []
    with served_model.serve(path) as model:
        source = tensors.image_input(model.info, path.name)
        target = tensors.class_output(model.info, path.name, 0)
        for pixels in shown.pixels:
            model.send({source.tensor.name: source.encode(pixels, wanted)})
            answers.append(target.decode(model.receive()[target.tensor.name]))
    return np.stack(answers)


def compare(
    answers: npt.NDArray[np.float64], reference: npt.NDArray[np.float64], labels: tuple[int, ...]
) -> Score:
    """Compare two models' class scores, (images, classes) each."""
    distance = Distance()
    for left, right in zip(answers, reference, strict=True):
        distance = distance.plus(reference=right, scores=left)
    mine, theirs = answers.argmax(axis=1), reference.argmax(axis=1)
    right, float_right = mine == labels, theirs == labels
    count = len(labels)
    return Score(
        Share(int(right.sum()), count),
        Share(int(float_right.sum()), count),
        PairedDifference(
            int((right & ~float_right).sum()), int((float_right & ~right).sum()), count
        ),
        Share(int((mine == theirs).sum()), count),
        distance.sqnr_db,
    )
