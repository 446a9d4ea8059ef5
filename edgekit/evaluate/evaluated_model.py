"""What is evaluated: a model file on its runtime, or a registered network in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edgekit.data.images import Pixels
from edgekit.evaluate.tensors import Scores
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import Source


@dataclass(frozen=True)
class EvaluatedModel:
    """One side of an evaluation, as the result names it.

    Attributes:
        name: the path or network's name as it was given.
        model: name of the network; None if unknown.
        precision: number type of the weights; None if unknown.
        runtime: package and version that computed the answers.
        sha256: of the model file, or of a network's weights file; None if there is none.
        weights: where the weights came from, starting with ``untrained`` if from nowhere; None
            if unknown.
        preprocessing: how pixels became the input.
        preprocessing_from: who said so: the network's card, the file's sidecar, or the user.
        label_offset: scores before that of label 0, which were dropped.
        classes: number of scores.
    """

    name: str
    model: str | None
    precision: str | None
    runtime: str
    sha256: str | None
    weights: str | None
    preprocessing: Preprocessing
    preprocessing_from: Source
    label_offset: int
    classes: int


class Predictor(Protocol):
    """A loaded subject. Every `submit` is followed by one `collect`.

    Images go through one at a time, so no answer depends on the images around it.
    """

    @property
    def subject(self) -> EvaluatedModel:
        """What answers."""
        ...

    def submit(self, pixels: Pixels) -> None:
        """Hand over one image, uint8 of shape (crop, crop, 3), perhaps before it is needed."""
        ...

    def collect(self) -> Scores:
        """Return the class scores of the image submitted last, float64 of shape (classes,)."""
        ...
