"""Show every image to every model and keep what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from edgekit import __version__
from edgekit.data import ImageFolder, SyntheticImages, images
from edgekit.data.images import Pixels
from edgekit.errors import CheckFailedError
from edgekit.evaluate.distance import Distance
from edgekit.evaluate.evaluated_model import Predictor
from edgekit.evaluate.result import Answers, Data, Evaluation
from edgekit.evaluate.tensors import Scores

Images: TypeAlias = ImageFolder | SyntheticImages


def ask(
    predictors: Sequence[Predictor], shown: Images, progress: Callable[[int, int], None]
) -> Evaluation:
    """Evaluate the first of one or two models; a second one is what it is compared with.

    Raises:
        CheckFailedError: a model answered NaN or infinity.
        EdgekitError: what reading an image or running a model raises.
    """
    ledgers = [_Ledger(each) for each in predictors]
    distance, taken_whole = Distance(), 0
    total = len(shown.files)
    progress(0, total)
    for index, whole in _submitted(predictors, shown):
        taken_whole += whole
        label = None if shown.labels is None else shown.labels[index]
        scores = [ledger.enter(shown.files[index], label) for ledger in ledgers]
        if len(scores) > 1:
            distance = distance.plus(reference=scores[1], scores=scores[0])
        progress(index + 1, total)
    compared = len(ledgers) > 1
    return Evaluation(
        data=Data(
            "synthetic" if isinstance(shown, SyntheticImages) else "folder",
            shown.description,
            shown.class_names,
            taken_whole,
        ),
        files=shown.files,
        labels=shown.labels,
        answers=ledgers[0].answers(),
        against=ledgers[1].answers() if compared else None,
        distance=distance if compared else None,
        edgekit_version=__version__,
    )


def _submitted(predictors: Sequence[Predictor], shown: Images) -> Iterator[tuple[int, bool]]:
    """Yield each image's number, and whether it was taken whole, while its answers are made.

    The next image is read before that, so that reading and computing overlap.
    """
    waiting = None
    for index in range(len(shown.files)):
        pixels = shown.pixels(index)
        views = _views(predictors, pixels, shown.files[index])
        if waiting is not None:
            yield waiting
        for predictor, view in zip(predictors, views, strict=True):
            predictor.submit(view)
        waiting = index, any(_is_whole(predictor, pixels) for predictor in predictors)
    if waiting is not None:
        yield waiting


def _views(predictors: Sequence[Predictor], pixels: Pixels, name: str) -> list[Pixels]:
    """Cut one image as each model wants it; models that want the same share it."""
    wanted = [each.subject.preprocessing for each in predictors]
    keys = [(each.resize, each.crop, each.interpolation) for each in wanted]
    cuts = {key: images.fit(pixels, *key, name) for key in dict.fromkeys(keys)}
    return [cuts[key] for key in keys]


def _is_whole(predictor: Predictor, pixels: Pixels) -> bool:
    """Tell whether the image's own size spared it a resize; see `images.fit`."""
    wanted = predictor.subject.preprocessing
    return wanted.resize != wanted.crop and pixels.shape[:2] == (wanted.crop, wanted.crop)


class _Ledger:
    """The answers of one model, as they come in."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._top1: list[int] = []
        self._ranks: list[int] = []

    def enter(self, file: str, label: int | None) -> Scores:
        """Fetch and note down the answer to the image submitted last; return the scores."""
        scores = self._predictor.collect()
        if not np.isfinite(scores).all():
            raise CheckFailedError(
                f"{self._predictor.subject.name} answers NaN or infinity to {file}",
                reason_code="not-finite",
            )
        self._top1.append(int(scores.argmax()))
        if label is not None:
            before = (scores > scores[label]).sum() + (scores[:label] == scores[label]).sum()
            self._ranks.append(int(before))
        return scores

    def answers(self) -> Answers:
        """Close the ledger."""
        return Answers(self._predictor.subject, tuple(self._top1), tuple(self._ranks) or None)
