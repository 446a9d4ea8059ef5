"""The walk: open the files, show them every sample, and judge what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgekit import __version__
from edgekit.data.masks import MaskedImages
from edgekit.errors import CheckFailedError, RefusedError, UsageError, WorkerError
from edgekit.evaluate import tensors
from edgekit.evaluate.outputs import file_form, shown
from edgekit.evaluate.outputs.difference import OutputDifference
from edgekit.evaluate.outputs.file_form import FileForm
from edgekit.evaluate.outputs.result import JudgedFile, OutputEvaluation
from edgekit.evaluate.outputs.segmentation import Segmentation
from edgekit.evaluate.outputs.shown import OpenFile
from edgekit.evaluate.request import EvaluateRequest
from edgekit.evaluate.settings import Settings
from edgekit.export import artifact
from edgekit.export.judging.answers import answer_of
from edgekit.files import digest
from edgekit.processes import served_model
from edgekit.processes.served_model import ServedModel
from edgekit.runtimes import ModelInfo


def run(
    request: EvaluateRequest,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> OutputEvaluation:
    """Judge the outputs of one file beside those of another, or beside label maps.

    Any number of inputs and outputs of any rank and type; data are arrays (see
    `edgekit.data.array_samples.read`), a folder of images, or one with ``images`` and ``masks``
    (see `edgekit.data.masks.read`); without any, synthetic images or seeded values.

    Args:
        request: names files only.
        progress: called with the number of samples done and their total.

    Raises:
        UsageError: there is nothing to compare with, or two files take different things.
        InvalidPathError, RefusedError: the data cannot be used; see the ``reason_code``.
        CheckFailedError: a file answers NaN or infinity (reason "not-finite").
        UnreadableModelError: a runtime rejects a file.
        WorkerError: a child died.
    """
    with ExitStack() as stack:
        models = [
            stack.enter_context(_served(Path(each), request.settings)) for each in request.models
        ]
        files = [
            opened(each, model.info, request.settings)
            for each, model in zip(request.models, models, strict=True)
        ]
        if len(files) > 1:
            files[1] = _like(files[1], files[0])
        what, masked = shown.choose(request.data, request.limit, files)
        if masked is None and len(files) == 1:
            raise UsageError(
                f"{what.description}: there is nothing to judge the outputs by: give a second file "
                "with --against, or a folder of images and masks with --data"
            )
        judges = [_Judge(each, masked) for each in files]
        outputs = [
            OutputDifference(form.tensor.name, form.shape)
            for form in files[0].form.outputs
            if len(files) > 1
        ]
        progress(0, what.count)
        for index, (name, feeds) in enumerate(what.feeds(files)):
            answers = _answers(models, feeds, files, name)
            outputs = [
                each.plus(answers[1][place], answers[0][place])
                for place, each in enumerate(outputs)
            ]
            for judge, answer in zip(judges, answers, strict=True):
                judge.add(index, answer)
            progress(index + 1, what.count)
        judged = [judge.closed(what.source) for judge in judges]
    return OutputEvaluation(
        source=what.source,
        data=what.description,
        samples=what.count,
        file=judged[0],
        against=judged[1] if len(judged) > 1 else None,
        outputs=tuple(outputs),
        edgekit_version=__version__,
    )


def _served(path: Path, settings: Settings) -> AbstractContextManager[ServedModel]:
    return served_model.serve(path, threads=settings.threads, float16=settings.is_float16(path))


def opened(name: str, info: ModelInfo, settings: Settings) -> OpenFile:
    """Return a file with its form, and how it takes images if it does.

    Raises:
        UnreadableModelError: its record is damaged.
        RefusedError: an input's size is open.
    """
    known = artifact.load(Path(name))
    form = file_form.of(name, info, known)
    recorded = None if known is None else known.preprocessing
    try:
        image = tensors.image_input(info, name)
    except RefusedError:
        return OpenFile(form, info, known, None, None, None)
    if recorded is None and not settings.choice.given:
        return OpenFile(form, info, known, image, None, None)
    wanted, by = settings.of_file(known, image.side, name)
    image.check(wanted, name)
    return OpenFile(form, info, known, image, wanted, by)


def _like(file: OpenFile, first: OpenFile) -> OpenFile:
    return replace(file, form=file_form.alike(file.form, first.form))


def _answers(
    models: Sequence[ServedModel],
    feeds: Sequence[dict[str, np.ndarray]],
    files: Sequence[OpenFile],
    name: str,
) -> list[list[np.ndarray]]:
    """Let all files compute at the same time."""
    for model, file, feed in zip(models, files, feeds, strict=True):
        with _named(file.form):
            model.send(feed)
    answers = []
    for model, file in zip(models, files, strict=True):
        with _named(file.form):
            answer = file.form.answer(model.receive())
        if not all(np.isfinite(each).all() for each in answer):
            raise CheckFailedError(
                f"{file.form.name} answers NaN or infinity to {name}", reason_code="not-finite"
            )
        answers.append(answer)
    return answers


@contextmanager
def _named(form: FileForm) -> Iterator[None]:
    try:
        yield
    except WorkerError as error:
        raise WorkerError(f"{form.name}: {error}") from error


@dataclass
class _Judge:
    """One file beside the label maps, if there are any."""

    file: OpenFile
    masked: MaskedImages | None
    found: Segmentation | None = None

    def add(self, index: int, answer: Sequence[np.ndarray]) -> None:
        if self.masked is None or self.file.wanted is None:
            return
        classes, given = _label_map(self.file, answer)
        before = self.found or Segmentation.of(classes)
        labels = self.masked.labels(index, self.file.wanted.resize, self.file.wanted.crop)
        self.found = before.plus(labels, given, str(self.masked.mask(index)))

    def closed(self, source: str) -> JudgedFile:
        known, pictures = self.file.known, source in ("folder", "synthetic")
        return JudgedFile(
            name=self.file.form.name,
            model=None if known is None else known.model,
            precision=None if known is None else known.precision,
            runtime=self.file.info.runtime_version,
            sha256=digest.sha256_of(Path(self.file.form.name)),
            preprocessing=self.file.wanted if pictures else None,
            preprocessing_from=self.file.by if pictures else None,
            segmentation=self.found,
        )


def _label_map(file: OpenFile, answer: Sequence[np.ndarray]) -> tuple[int, np.ndarray]:
    """Return how many classes the first output that is a map has, and the class of each pixel.

    Raises:
        RefusedError: no output is a map of classes (reason "not-a-segmenter").
    """
    for values in answer:
        if values.ndim == 4 and values.dtype.kind == "f" and values.shape[1] > 1:
            found = answer_of(values)
            if found is not None:
                return values.shape[1], found[0]
        flat = values.reshape(values.shape[-2:]) if values.ndim in (3, 4) else values
        if values.dtype.kind in "iu" and flat.ndim == 2 and flat.size == values.size:
            return _MOST_CLASSES, flat
    shapes = ", ".join(f"{f.tensor.name} {list(f.shape)}" for f in file.form.outputs)
    raise RefusedError(
        f"{file.form.name} gives no label map, scores (1, classes, H, W) or integers (1, H, W), "
        f"but {shapes}",
        reason_code="not-a-segmenter",
    )


_MOST_CLASSES = 255  # of a map of integers, which does not say how many there are
