"""Names and patterns of networks, as a command line has them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgekit.cli.shared.options import is_file
from edgekit.errors import InvalidPathError, UsageError

_WILD = "*?["
_RESULT = ".json"  # `edgekit compare` takes those of measurements


def expanded(subjects: Iterable[str]) -> list[str]:
    """Return names and paths, with patterns such as ``micronet*`` as the names they match.

    Files and what another package or your own code makes (``timm:NAME``) are no patterns. What a
    pattern matches and was there before is not repeated; what is named twice is.

    Raises:
        UnknownNameError: a pattern matches nothing.
        InvalidPathError: a name is that of a folder, or of a file that holds no model.
    """
    from edgekit import models
    from edgekit.models.registry import MODELS

    found: list[str] = []
    for subject in subjects:
        check_is_no_other_path(subject)
        if is_file(subject) or ":" in subject or not any(mark in subject for mark in _WILD):
            found.append(subject)
        elif not (names := models.names(subject, baselines=False)):
            raise MODELS.unknown(subject)
        else:
            found += [name for name in names if name not in found]
    return found


def check_are_files(subjects: Iterable[Path | str]) -> None:
    """Check that no subject of a command that takes files is a network's name.

    Raises:
        UsageError: one is, and no file is called so.
    """
    from edgekit.models.registry import MODELS

    for each in map(str, subjects):
        if MODELS.knows(each) and not Path(each).exists():
            raise UsageError(
                f"{each} is a network, and this takes files: `edgekit export {each}` writes them"
            )


def check_is_no_other_path(subject: str) -> None:
    """Check that what is named is no folder, and no file of another kind.

    Raises:
        InvalidPathError: it is.
    """
    from edgekit.models.registry import MODELS

    if is_file(subject) or MODELS.knows(subject):
        return
    path = Path(subject)
    if path.suffix.lower() == _RESULT:
        return
    if path.is_dir():
        raise InvalidPathError(f"{subject} is a folder: name the .onnx or .tflite files in it")
    if path.is_file():
        raise InvalidPathError(f"{subject} is no model file: it is named .onnx or .tflite")


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
