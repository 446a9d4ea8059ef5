"""The walk: check the request, list the images, open the models, and ask them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from edgekit import models, runtimes
from edgekit.data import ImageFolder, SyntheticImages, folder
from edgekit.errors import InvalidPathError, RefusedError, UsageError
from edgekit.evaluate import model_file, network
from edgekit.evaluate.answering import Images, ask
from edgekit.evaluate.evaluated_model import Predictor
from edgekit.evaluate.request import EvaluateRequest
from edgekit.evaluate.result import Evaluation
from edgekit.evaluate.settings import Settings

SYNTHETIC_IMAGES = 64


def run(
    request: EvaluateRequest,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Evaluate a model on a folder of images, and compare it with a second one.

    One image is in work while the next is read; memory grows by a few numbers an image.

    Args:
        request: what to evaluate, and on what.
        progress: called with the number of images done and their total.

    Raises:
        UsageError: the request asks for nothing, or contradicts itself.
        UnknownNameError: no network is called that.
        InvalidPathError: a file or folder is not there, or the folder has no images.
        RefusedError: an image, a label, weights or a model cannot be used; see the
            ``reason_code``.
        CheckFailedError: a model answered NaN or infinity (reason "not-finite").
        WorkerError: a model's child process died.
    """
    settings, limit = request.settings, request.limit
    check_exists(request)
    _check_weights(request.models, request.weights)
    shown: Images | None = None if request.data is None else _folder(request.data, limit)
    if request.against is None and (shown is None or shown.labels is None):
        what = "there are no images" if shown is None else f"{shown.description}, has no labels"
        raise UsageError(
            f"{what}, so there is nothing to count: give labelled images with --data DIR, or a "
            "second model to compare with by --against FILE|MODEL"
        )
    with ExitStack() as stack:
        predictors: list[Predictor] = [
            stack.enter_context(_opened(each, request.weights, settings)) for each in request.models
        ]
        _check_options_used(predictors, settings)
        if shown is None:
            side = max(each.subject.preprocessing.resize for each in predictors)
            shown = SyntheticImages(SYNTHETIC_IMAGES if limit is None else limit, side)
        _check_classes(predictors, shown)
        return ask(predictors, shown, progress)


def _folder(data: Path | ImageFolder, limit: int | None) -> ImageFolder:
    found = folder.read(data) if isinstance(data, Path) else data
    return found if limit is None else found.limited(limit)


def is_file(name: str) -> bool:
    """Tell whether a model is a file, and no network by name."""
    try:
        runtimes.for_file(name)
    except UsageError:
        return False
    return True


def check_exists(request: EvaluateRequest) -> None:
    """Find a slip of the pen before anything is loaded.

    Raises:
        UnknownNameError: no network is called that.
        InvalidPathError: a file is not there.
    """
    for name in request.models:
        if not is_file(name):
            models.get(name)
        elif not Path(name).is_file():
            raise InvalidPathError(f"{name}: no such file")


def _opened(
    name: str, weights: Path | None, settings: Settings
) -> AbstractContextManager[Predictor]:
    if is_file(name):
        return model_file.opened(name, settings)
    return network.opened(name, weights, settings)


def _check_weights(names: Sequence[str], weights: Path | None) -> None:
    networks = [each for each in names if not is_file(each)]
    if weights is not None and len(networks) != 1:
        found = " and ".join(networks) or f"only {names[0]}"
        raise UsageError(f"--weights goes with the name of one network; here: {found}")


def _check_options_used(predictors: list[Predictor], settings: Settings) -> None:
    subjects = [each.subject for each in predictors]
    if settings.label_offset and not any(subject.label_offset for subject in subjects):
        raise UsageError(
            "--label-offset is for files without a record of their preprocessing; on record here: "
            f"{', '.join(subject.name for subject in subjects)}"
        )


def _check_classes(predictors: list[Predictor], shown: Images) -> None:
    first = predictors[0].subject
    for each in predictors[1:]:
        if each.subject.classes != first.classes:
            raise UsageError(
                f"{first.name} has {first.classes} classes and {each.subject.name} "
                f"{each.subject.classes}: they cannot be compared (--label-offset 1 drops a "
                "background class)"
            )
    for file, label in zip(shown.files, shown.labels or (), strict=False):
        if label >= first.classes:
            raise RefusedError(
                f"{file} has the label {label}, but {first.name} has {first.classes} classes, "
                f"0 to {first.classes - 1}: correct the labels or choose another model",
                reason_code="bad-labels",
            )
