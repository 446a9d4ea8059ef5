"""A model file that answers through its own runtime, in a child process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgekit.data.images import Pixels
from edgekit.errors import WorkerError
from edgekit.evaluate import tensors
from edgekit.evaluate.evaluated_model import EvaluatedModel
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.tensors import ClassOutput, ImageInput, Scores
from edgekit.export import artifact
from edgekit.files import digest
from edgekit.processes import served_model
from edgekit.processes.served_model import ServedModel


class _FilePredictor:
    """See `edgekit.evaluate.subject.Predictor`."""

    def __init__(
        self, subject: EvaluatedModel, model: ServedModel, source: ImageInput, target: ClassOutput
    ) -> None:
        self.subject = subject
        self._model, self._input, self._output = model, source, target

    def submit(self, pixels: Pixels) -> None:
        """Send the image to the child, which computes while this process reads the next one."""
        values = self._input.encode(pixels, self.subject.preprocessing)
        with self._named():
            self._model.send({self._input.tensor.name: values})

    def collect(self) -> Scores:
        """Wait for the child's answer."""
        with self._named():
            return self._output.decode(self._model.receive()[self._output.tensor.name])

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except WorkerError as error:
            raise WorkerError(f"{self.subject.name}: {error}") from error


@contextmanager
def opened(name: str, settings: Settings) -> Iterator[_FilePredictor]:
    """Load a model file for the length of the ``with`` block.

    Preprocessing comes from the settings, or where they say nothing, from the file's sidecar.

    Args:
        name: path of an existing file as the user gave it.
        settings: see `Settings`.

    Raises:
        UnreadableModelError: the runtime rejects the file, or its sidecar is damaged.
        RefusedError: the file does not map one image to class scores.
        UsageError: neither sidecar nor settings know the preprocessing.
        WorkerError: the child died.
    """
    path = Path(name)
    known = artifact.load(path)
    recorded = None if known is None else known.preprocessing
    float16 = settings.is_float16(path)
    with served_model.serve(path, threads=settings.threads, float16=float16) as model:
        source = tensors.image_input(model.info, name)
        wanted, by = settings.of_file(known, source.side, name)
        source.check(wanted, name)
        offset = settings.label_offset if recorded is None else 0
        target = tensors.class_output(model.info, name, offset)
        subject = EvaluatedModel(
            name=name,
            model=None if known is None else known.model,
            precision=None if known is None else known.precision,
            runtime=model.info.runtime_version,
            sha256=digest.sha256_of(path),
            weights=None if known is None else known.weights,
            preprocessing=wanted,
            preprocessing_from=by,
            label_offset=offset,
            classes=target.classes,
        )
        yield _FilePredictor(subject, model, source, target)
