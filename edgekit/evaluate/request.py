"""What to evaluate, and how: the one argument of `edgekit.evaluate.run`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edgekit.data import ImageFolder
from edgekit.errors import UsageError
from edgekit.evaluate.settings import Settings


@dataclass(frozen=True)
class EvaluateRequest:
    """A model, the images to show it, and perhaps a second model to compare it with.

    Attributes:
        model: path of a model file, which runs on its runtime, or name of a registered network,
            which runs in torch.
        data: folder of images (see `edgekit.data.folder.read`), perhaps one that is read
            already; for `edgekit.evaluate.judge` also arrays (`edgekit.data.array_samples.read`)
            or images with label maps (`edgekit.data.masks.read`); None draws synthetic ones, on
            which two models can be compared.
        against: the second model, as ``model``.
        weights: weights of the one network among the two; None takes what edgekit has.
        limit: number of images, evenly spaced; None takes all, of synthetic ones 64.
        settings: see `Settings`.

    Raises:
        UsageError: the limit is below 1.
    """

    model: str
    data: Path | ImageFolder | None = None
    against: str | None = None
    weights: Path | None = None
    limit: int | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"an evaluation takes 1 image or more, not {self.limit}")

    @property
    def models(self) -> tuple[str, ...]:
        """The one or two models, the one under test first."""
        return (self.model,) if self.against is None else (self.model, self.against)
