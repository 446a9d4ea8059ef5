"""JSON and TOML of anybody's: whatever is wrong with a text is a `ValueError`."""

from __future__ import annotations

import json
import tomllib
from typing import Any, NoReturn

_LARGEST = 2**63
_MOST_DIGITS = 20  # of such a number with its sign


def json_of(text: str | bytes) -> Any:  # noqa: ANN401 -- any JSON
    """Return what a JSON text holds.

    Raises:
        ValueError: it is no JSON, nests too deeply, or holds NaN, an infinity or an integer of
            more than 64 bits.
    """
    try:
        return json.loads(text, parse_int=_integer, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error


def toml_of(text: str) -> dict[str, Any]:
    """Return what a TOML text holds.

    Raises:
        ValueError: it is no TOML, nests too deeply, or holds an integer of more than 64 bits.
    """
    try:
        found = tomllib.loads(text)
        _check_integers(found)
    except RecursionError as error:
        raise ValueError("it nests too deeply") from error
    return found


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS or not -_LARGEST <= int(text) < 2 * _LARGEST:
        raise ValueError("an integer has more than 64 bits")
    return int(text)


def _refused(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _check_integers(value: object) -> None:
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise ValueError("an integer has more than 64 bits")
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            _check_integers(each)
