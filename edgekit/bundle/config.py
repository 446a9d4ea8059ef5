"""``edgekit.toml``: what a repository bundles, so that a build needs no options."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from edgekit.bundle.request import BundleRequest
from edgekit.errors import InvalidPathError, RefusedError, UsageError, shortened
from edgekit.files import parsing, reading

FILE = "edgekit.toml"
_TEXTS = ("name", "license", "revision", "instructions")
_PATHS = ("about", "labels", "license_file", "golden", "data")
_NUMBERS: dict[str, type] = {"limit": int, "score_threshold": float}
_FLAGS = {"fold_preprocessing": "fold_preprocessing", "measure": "measure", "zip": "as_zip"}
_KEYS = ("files", *_TEXTS, *_PATHS, *_NUMBERS, *_FLAGS)


def read(path: Path) -> BundleRequest:
    """Read the ``[bundle]`` of a file; its paths are relative to the file.

    ``files`` holds a network's name, or paths and patterns of model files; the other keys are
    named as the options of the command line.

    Raises:
        InvalidPathError: the file cannot be read, or a pattern fits no file.
        RefusedError: it is no TOML, or a key is unknown or of another type (reason "bad-config").
    """
    try:
        document = parsing.toml_of(reading.text(path))
    except OSError as error:
        raise InvalidPathError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise _bad(path, f"it is no TOML: {error}") from error
    row: dict[str, Any] | None = document.get("bundle")
    if not isinstance(row, dict):
        raise _bad(path, "it has no [bundle]")
    unknown = sorted(row.keys() - set(_KEYS))
    if unknown:
        raise _bad(path, f"[bundle] has no {', '.join(unknown)}; known: {', '.join(_KEYS)}")
    files = row.get("files")
    if not isinstance(files, list) or not files or not all(isinstance(e, str) for e in files):
        raise _bad(path, "files is a list of file names, patterns or a network's name")
    fields: dict[str, Any] = {
        _FLAGS.get(key, key): _value(path, key, value)
        for key, value in row.items()
        if key != "files"
    }
    subjects = tuple(name for each in files for name in _subjects(path.parent, each))
    return BundleRequest(subjects, **fields)


def with_options(request: BundleRequest, given: BundleRequest) -> BundleRequest:
    """Return a request with what another one says other than by default."""
    said = {
        each.name: getattr(given, each.name)
        for each in dataclasses.fields(given)
        if each.name != "subjects" and getattr(given, each.name) != each.default
    }
    return dataclasses.replace(request, **said)


def _subjects(folder: Path, text: str) -> list[str]:
    is_name = "/" not in text and not any(each in text for each in "*?[.")
    try:
        if is_name and not (folder / text).exists():
            return [text]  # a network's name
        found = sorted(str(each) for each in folder.glob(text))
    except (OSError, ValueError, NotImplementedError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"{shortened(text)!r} in {FILE} is no pattern of files: {why}") from error
    if not found:
        raise InvalidPathError(f"{folder / text}: no such file, nor one that fits")
    return found


def _value(path: Path, key: str, value: Any) -> Any:  # noqa: ANN401 -- any TOML
    if key in _PATHS and isinstance(value, str):
        return path.parent / value
    if key in _TEXTS and isinstance(value, str):
        return value
    if key in _FLAGS and isinstance(value, bool):
        return value
    if key in _NUMBERS and type(value) in (int, _NUMBERS[key]):
        return value
    kind = "true or false" if key in _FLAGS else "a number" if key in _NUMBERS else "a text"
    raise _bad(path, f"{key} is {kind}, not {value!r}")


def _bad(path: Path, why: str) -> RefusedError:
    return RefusedError(f"{path}: {why}", reason_code="bad-config")
