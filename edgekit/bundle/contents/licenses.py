"""Whose licences a bundle's weights and code are under, and their texts."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from edgekit.bundle.request import BundleRequest
from edgekit.errors import InvalidPathError
from edgekit.export import Artifact
from edgekit.files import reading
from edgekit.models import class_names

NOT_STATED = "NOASSERTION"
OWN = "Apache-2.0"
"""Of edgekit, of the weights that ship with it, and of the app code in a bundle."""


def of_weights(request: BundleRequest, known: Artifact) -> str:
    """Return the SPDX identifier of the weights' licence."""
    if request.license is not None:
        return request.license
    is_shipped = class_names.of_model(known.model, known.weights) is not None
    return OWN if is_shipped else NOT_STATED


def write(request: BundleRequest, weights: str, place: Path) -> None:
    """Write the texts into ``LICENSES``.

    Raises:
        InvalidPathError: the given text cannot be read.
    """
    texts = {}
    own = metadata.distribution("edgekit-mobile").read_text("licenses/LICENSE")
    if own is not None:
        texts[OWN] = own
    if request.license_file is not None:
        try:
            texts[weights] = reading.text(request.license_file)
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidPathError(f"cannot read {request.license_file}: {error}") from error
    (place / "LICENSES").mkdir()
    for name, text in texts.items():
        (place / "LICENSES" / f"{name}.txt").write_text(text, encoding="utf-8")
