"""The names of all networks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from edgekit.models.spec import ModelSpec
from edgekit.registry import Registry

MODELS: Registry[ModelSpec] = Registry("model", listing="`edgekit list` shows all there are")
"""Every network by its name; the files of `edgekit.models.families` fill it."""


def register(spec: ModelSpec, aliases: Iterable[str] = ()) -> None:
    """Add a network.

    Args:
        spec: its card.
        aliases: other names that mean it.

    Raises:
        ValueError: a name or alias is taken already, or not lower case.
    """
    MODELS.add(spec.name, spec, aliases)


def get(name: str) -> ModelSpec:
    """Return the card of the network called ``name``, an exact name or alias in any case.

    Raises:
        UnknownNameError: nothing is called so; the message has the nearest names.
    """
    return MODELS.find(name)


def names(pattern: str = "*", *, baselines: bool = True) -> list[str]:
    """List the networks whose name matches ``pattern``, numbers in the order of their value.

    Args:
        pattern: a shell wildcard (``mobilenet*``, ``*-g[13]``), in any case.
        baselines: whether to list networks of other libraries too.

    Returns:
        names without aliases; none if nothing matches.
    """
    folded = pattern.casefold()
    found = [
        name
        for name, spec in MODELS.items()
        if fnmatchcase(name, folded) and (baselines or not spec.library)
    ]
    return sorted(found, key=_natural)


def aliases() -> dict[str, str]:
    """Every alias with the name it stands for."""
    return dict(sorted(MODELS.aliases.items(), key=lambda item: _natural(item[0])))


def _natural(name: str) -> list[tuple[str, float]]:
    """Sort key: 0.5x before 1.0x, g4 before g8 before g10."""
    parts = re.findall(r"(\D*)(\d+(?:\.\d+)?)?", name)
    return [(text, float(number or 0)) for text, number in parts]
