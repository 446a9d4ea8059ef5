"""A registered network that answers in torch: the reference that files are compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgekit import models
from edgekit.data.images import Pixels
from edgekit.evaluate.evaluated_model import EvaluatedModel
from edgekit.evaluate.settings import Settings
from edgekit.evaluate.tensors import Scores
from edgekit.files import digest

if TYPE_CHECKING:
    from torch import nn


class _NetworkPredictor:
    """See `edgekit.evaluate.subject.Predictor`."""

    def __init__(self, subject: EvaluatedModel, module: nn.Module) -> None:
        self.subject = subject
        self._module = module
        self._pixels: Pixels | None = None

    def submit(self, pixels: Pixels) -> None:
        """Keep the image until `collect`."""
        self._pixels = pixels

    def collect(self) -> Scores:
        """Run the network."""
        import torch

        if self._pixels is None:
            raise ValueError("no image was submitted")
        image = torch.from_numpy(self.subject.preprocessing.apply(self._pixels[None]))
        with torch.inference_mode():
            scores = self._module(image)
        return np.asarray(scores.numpy(), np.float64).ravel()


@contextmanager
def opened(name: str, weights: Path | None, settings: Settings) -> Iterator[_NetworkPredictor]:
    """Build a registered network for the length of the ``with`` block.

    Args:
        name: name or alias of the network.
        weights: file with its weights; None takes those that come with edgekit, and where there
            are none, seeded initialization.
        settings: see `Settings`; without more, the preprocessing is the network's, or its weights'.

    Raises:
        UnknownNameError: no network is called that.
        InvalidPathError: there is no such weights file.
        RefusedError: the weights are unsafe, damaged, or another network's.
    """
    import torch

    loaded = models.obtain(models.get(name), weights)
    module, spec = loaded.module, loaded.spec
    wanted, by = settings.of_image(spec.preprocessing, spec.preprocessing.crop, name, "card")
    subject = EvaluatedModel(
        name=name,
        model=spec.name,
        precision="float32",
        runtime=f"torch {torch.__version__}",
        sha256=None if weights is None else digest.sha256_of(weights),
        weights=loaded.origin,
        preprocessing=wanted,
        preprocessing_from=by,
        label_offset=0,
        classes=spec.classes,
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        yield _NetworkPredictor(subject, module)
    finally:
        torch.set_num_threads(threads)
