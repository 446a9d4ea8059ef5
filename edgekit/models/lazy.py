"""Attributes of a package that are imported when first asked for (PEP 562).

Listing models must not cost the seconds that importing torch takes, so whatever needs torch
is reached through this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def attributes(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return a module ``__getattr__`` for ``package``.

    Args:
        package: the package's ``__name__``, for the error message.
        homes: attribute name to the full name of the module that defines it.
    """

    def getattr_from_home(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    return getattr_from_home
