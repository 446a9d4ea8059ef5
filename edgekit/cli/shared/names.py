"""Names and patterns of networks, as a command line has them."""

from __future__ import annotations

from collections.abc import Iterable

from edgekit.cli.shared.options import is_file
from edgekit.errors import UsageError

_WILD = "*?["


def expanded(subjects: Iterable[str]) -> list[str]:
    """Return names and paths, with patterns such as ``micronet*`` as the names they match.

    Files and what another package or your own code makes (``timm:NAME``) are no patterns. What a
    pattern matches and was there before is not repeated; what is named twice is.

    Raises:
        UnknownNameError: a pattern matches nothing.
    """
    from edgekit import models
    from edgekit.models.registry import MODELS

    found: list[str] = []
    for subject in subjects:
        if is_file(subject) or ":" in subject or not any(mark in subject for mark in _WILD):
            found.append(subject)
        elif not (names := models.names(subject, baselines=False)):
            raise MODELS.unknown(subject)
        else:
            found += [name for name in names if name not in found]
    return found


def only(subject: str) -> str:
    """Return the one name or path that a name, path or pattern means.

    Raises:
        UnknownNameError: a pattern matches nothing.
        UsageError: it matches several.
    """
    found = expanded([subject])
    if len(found) > 1:
        shown = ", ".join(found[:4]) + (", ..." if len(found) > 4 else "")
        raise UsageError(f"{subject!r} matches {len(found)} networks, {shown}: name one of them")
    return found[0]
