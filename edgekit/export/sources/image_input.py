"""The one image that a network takes, and what is on record of its preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgekit.errors import RefusedError
from edgekit.export import artifact
from edgekit.export.sources import shapes
from edgekit.export.sources.shapes import Shape
from edgekit.models import Preprocessing
from edgekit.models.preprocessing_choice import PreprocessingChoice


def recorded(
    path: Path, inputs: Mapping[str, Shape], said: PreprocessingChoice
) -> tuple[Preprocessing | None, Preprocessing | None]:
    """Return the preprocessing that the user, or else a file's sidecar, says.

    Args:
        path: the file.
        inputs: shape of each input of its network, NCHW.
        said: by the user.

    Returns:
        How pixels become the input, and what the network does to them itself; None where nobody
        says, or there is nothing.

    Raises:
        RefusedError: something is said, and the network takes no image.
        UsageError: what is said contradicts the network's input.
        UnreadableModelError: the sidecar is damaged.
    """
    known = artifact.load(path)
    wanted = None if known is None else known.preprocessing
    if said.given:
        wanted = said.over(wanted, side_of(inputs, str(path)), str(path))
    if wanted is None or not _is_image(inputs) or wanted.crop != side_of(inputs, str(path)):
        return None, None
    return wanted, None if known is None else known.folded


def side_of(inputs: Mapping[str, Shape], subject: str) -> int:
    """Return rows and columns of the only input.

    Raises:
        RefusedError: it is no square RGB image (reason "not-an-image-model").
    """
    if not _is_image(inputs):
        wanted = ", ".join(f"{name} {shapes.text(shape)}" for name, shape in inputs.items())
        raise RefusedError(
            f"{subject} takes {wanted}, no square RGB image: leave out --preprocessing, --mean and "
            "the like",
            reason_code="not-an-image-model",
        )
    return next(iter(inputs.values()))[2]


def _is_image(inputs: Mapping[str, Shape]) -> bool:
    shape = next(iter(inputs.values()), ())
    return len(inputs) == 1 and len(shape) == 4 and shape[1] == 3 and shape[2] == shape[3]
