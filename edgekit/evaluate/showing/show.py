"""Show images to a model file and tell what it answers: the first thing anyone does with one."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from edgekit.data import array_samples, images
from edgekit.errors import CheckFailedError, InvalidPathError, RefusedError
from edgekit.evaluate import tensors
from edgekit.evaluate.outputs import judging
from edgekit.evaluate.outputs import shown as choice
from edgekit.evaluate.showing.answers import (
    Guess,
    RawOutput,
    ShownImage,
    ShowRequest,
    ShowResult,
)
from edgekit.evaluate.showing.labels import read_labels
from edgekit.evaluate.tensors import ImageInput
from edgekit.export import artifact
from edgekit.modelfile import metadata
from edgekit.models import Preprocessing, class_names
from edgekit.processes import served_model


def show(request: ShowRequest) -> ShowResult:
    """Run a model file on images, each resized, cropped and normalized as its record says.

    Arrays are shown as they are, to files with any inputs.

    Raises:
        InvalidPathError: a file is not there.
        UsageError: nobody knows the preprocessing.
        RefusedError: the file takes no image, gives no class scores (see ``raw``), an image is
            damaged, or the labels do not fit (reason "bad-labels").
        UnreadableModelError: the runtime rejects the file.
        CheckFailedError: the file answers NaN or infinity (reason "not-finite").
        WorkerError: the child died.
    """
    path, name, settings = request.model, str(request.model), request.settings
    if not path.is_file():
        raise InvalidPathError(f"{path}: no such file")
    if array_samples.holds_arrays(request.images[0]):
        return _of_arrays(request)
    known = artifact.load(path)
    with served_model.serve(path, threads=settings.threads) as model:
        source = tensors.image_input(model.info, name)
        recorded = None if known is None else known.preprocessing
        wanted, by = settings.of_file(known, source.side, name)
        source.check(wanted, name)
        offset = settings.label_offset if recorded is None else 0
        if request.raw:
            answer = _raw
        else:
            target = tensors.class_output(model.info, name, offset)
            labels = _labels(request, target.classes)
            answer = functools.partial(_guesses, target=target, labels=labels, top=request.top)
        shown = []
        for image in request.images:
            model.send({source.tensor.name: _encoded(image, source, wanted)})
            shown.append(answer(str(image), model.receive()))
    return ShowResult(name, model.info.runtime_version, wanted, by, tuple(shown))


def _of_arrays(request: ShowRequest) -> ShowResult:
    """Show every sample of every file; what gives no class scores gives its outputs as they are."""
    name = str(request.model)
    shown = []
    with served_model.serve(request.model, threads=request.settings.threads) as model:
        file = judging.opened(name, model.info, request.settings)
        answer = _raw
        if not request.raw:
            with suppress(RefusedError):
                target = tensors.class_output(model.info, name, 0)
                labels = _labels(request, target.classes)
                answer = functools.partial(_guesses, target=target, labels=labels, top=request.top)
        for where in request.images:
            found, _ = choice.choose(where, None, [file])
            for called, (feed,) in found.feeds([file]):
                model.send(feed)
                shown.append(answer(called, model.receive()))
    return ShowResult(name, model.info.runtime_version, None, None, tuple(shown))


def _encoded(image: Path, source: ImageInput, wanted: Preprocessing) -> np.ndarray:
    pixels = images.decode(image)
    fitted = images.fit(pixels, wanted.resize, wanted.crop, wanted.interpolation, str(image))
    return source.encode(fitted, wanted)


def _guesses(
    image: str,
    outputs: dict[str, np.ndarray],
    *,
    target: tensors.ClassOutput,
    labels: tuple[str, ...] | None,
    top: int,
) -> ShownImage:
    scores = target.decode(outputs[target.tensor.name])
    if not np.isfinite(scores).all():
        raise CheckFailedError(f"NaN or infinity answers {image}", reason_code="not-finite")
    best = np.argsort(-scores, kind="stable")[:top]
    guesses = tuple(
        Guess(int(index), None if labels is None else labels[index], float(scores[index]))
        for index in best
    )
    return ShownImage(image, guesses, ())


def _raw(image: str, outputs: dict[str, np.ndarray]) -> ShownImage:
    found = tuple(
        RawOutput(name, str(each.dtype), each.shape, tuple(map(float, each.ravel())))
        for name, each in outputs.items()
    )
    return ShownImage(image, (), found)


def _labels(request: ShowRequest, classes: int) -> tuple[str, ...] | None:
    for origin, names in _label_sources(request):
        if len(names) != classes:
            raise RefusedError(
                f"{origin} names {len(names)} classes, but {request.model} has {classes}: give "
                "one a line with --labels",
                reason_code="bad-labels",
            )
        return names
    return None


def _label_sources(request: ShowRequest) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield who names the classes, and how, the nearest first."""
    if request.labels is not None:
        yield str(request.labels), read_labels(request.labels)
    described = metadata.read(request.model)
    if described is not None and described.labels:
        yield f"{request.model} itself", described.labels
    known = artifact.load(request.model)
    names = None if known is None else class_names.of_model(known.model, known.weights)
    if names is not None:
        yield "the network's card", names
