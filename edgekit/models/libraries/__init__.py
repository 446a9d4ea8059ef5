"""Networks of other packages, by prefix: ``torchvision:NAME``, ``timm:NAME``, ``pytorchcv:NAME``.

The packages are optional and imported when a network of theirs is asked for. Only the structure
comes from them; weights are the user's, and nothing is ever downloaded.

Adding a library: one file with a ``LIBRARY``, one line here.
"""

from __future__ import annotations

from edgekit.models.libraries import pytorchcv, timm, torchvision
from edgekit.models.libraries.base import Library, LibraryModel
from edgekit.models.libraries.base import find as _find
from edgekit.registry import Registry

__all__ = ["LIBRARIES", "LibraryModel", "find", "is_reference"]

LIBRARIES: Registry[Library] = Registry(
    "library of networks",
    (
        ("pytorchcv", pytorchcv.LIBRARY),
        ("timm", timm.LIBRARY),
        ("torchvision", torchvision.LIBRARY),
    ),
)


def is_reference(text: str) -> bool:
    """Tell whether ``text`` names a network of a known library: its prefix and a colon."""
    prefix, colon, _ = text.partition(":")
    return bool(colon) and LIBRARIES.knows(prefix)


def find(text: str) -> LibraryModel:
    """Return the network that a reference such as ``pytorchcv:resnet18`` names, in any case.

    Raises:
        UnknownNameError: no library has this prefix, or the library no such network; the message
            has the nearest names.
        MissingPackageError: the library is not installed.
        EnvironmentMissingError: it is installed, and does not import (``package-broken``).
        RefusedError: it is no image network of a fixed size (``not-an-image-network``), or the
            library itself fails to make it (``library-failed``).
    """
    prefix, _, name = text.partition(":")
    return _find(LIBRARIES.find(prefix), name.casefold(), text)
