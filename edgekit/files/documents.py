"""Documents: frozen dataclasses as JSON with a schema, and back.

Reading is strict on purpose: a key that is missing or unknown, or a value of another type, is an
error, so that a document of another version is never half understood. Only a field that was `added`
may be missing, and then has its default.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from edgekit.errors import RefusedError, UsageError
from edgekit.files import parsing

T = TypeVar("T")

ADDED = "added"
"""Mark of a field that older documents do not have, in its metadata."""


class Document:
    """A dataclass that is printed, kept or handed on as one JSON document.

    Attributes:
        schema: the document's ``edgekit.*`` id.
        schema_version: of that schema.
    """

    schema: ClassVar[str]
    schema_version: ClassVar[int]

    def derived(self) -> dict[str, Any]:
        """Return what follows from the fields and stands in the document for other readers."""
        return {}

    def document(self) -> dict[str, Any]:
        """Return the document, ready for JSON, with its schema."""
        fields = {each.name: encode(getattr(self, each.name)) for each in _fields_of(self)}
        head = {"schema": self.schema, "schema_version": self.schema_version}
        return {**head, **self.derived(), **fields}

    def to_json(self) -> str:
        """Return the document as text; equal documents give equal text."""
        return json.dumps(self.document(), indent=2, allow_nan=False)


def added(default: Any) -> Any:  # noqa: ANN401 -- as `dataclasses.field`
    """Return a field that older documents of the same version do not have: it may be missing."""
    return dataclasses.field(default=default, metadata={ADDED: True})


def encode(value: object) -> Any:  # noqa: ANN401 -- any JSON
    """Return a value of a document, and all in it, ready for JSON; a dataclass by its fields."""
    if dataclasses.is_dataclass(value):
        return {each.name: encode(getattr(value, each.name)) for each in _fields_of(value)}
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    return str(value) if isinstance(value, Path) else value


def decode(kind: type[T], value: object) -> T:
    """Build a ``kind`` (a dataclass, tuple, dict, optional or plain type) from parsed JSON.

    Raises:
        ValueError: the value does not have the form of ``kind``.
    """
    result: T = _decode(kind, value, kind.__name__)
    return result


def read_document(kind: type[T], text: str, schema: str, version: int, noun: str) -> T:
    """Read a document with a schema; its ``summary``, which is derived, is left out.

    Args:
        kind: the dataclass that the document holds.
        text: JSON.
        schema: the schema that it must name.
        version: the version of that schema.
        noun: what to call such a document in messages.

    Raises:
        RefusedError: the text is no such document, is of another version, or is damaged.
    """
    try:
        document = parsing.json_of(text)
        found = document.pop("schema"), document.pop("schema_version")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise _unreadable(f"this is not an edgekit {noun}") from error
    if found != (schema, version):
        raise _unreadable(
            f"this is {found[0]} version {found[1]}, but this edgekit reads {schema} version "
            f"{version}"
        )
    document.pop("summary", None)
    try:
        return decode(kind, document)
    except (ValueError, UsageError) as error:
        raise _unreadable(f"this {noun} is damaged: {error}") from error


def _unreadable(message: str) -> RefusedError:
    return RefusedError(message, reason_code="unreadable-report")


def _decode(kind: Any, value: Any, where: str) -> Any:  # noqa: ANN401 -- any type, any value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        options = [option for option in arguments if option is not types.NoneType]
        return None if value is None else _decode(options[0], value, where)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, _expect(dict, value, where), where)
    if origin is tuple:
        items = _expect(list, value, where)
        if arguments[-1] is not Ellipsis and len(items) != len(arguments):
            raise ValueError(f"{where}: expected {len(arguments)} items, got {len(items)}")
        if arguments == (float, ...) and _are_numbers(items):
            return tuple(items)  # of samples there are hundreds of thousands
        kinds = arguments[:1] * len(items) if arguments[-1] is Ellipsis else arguments
        pairs = enumerate(zip(kinds, items, strict=True))
        return tuple(_decode(each, item, f"{where}[{i}]") for i, (each, item) in pairs)
    if origin in (dict, Mapping):
        entries = _expect(dict, value, where).items()
        return {key: _decode(arguments[1], item, f"{where}.{key}") for key, item in entries}
    if origin is typing.Literal:
        if value not in arguments:
            raise ValueError(f"{where}: {value!r} is none of {arguments}")
        return value
    if kind is Any:
        return value
    if kind is Path:
        return Path(_expect(str, value, where))
    if kind is float and type(value) is int:
        return float(value)
    if kind is float and type(value) is float and not math.isfinite(value):
        raise ValueError(f"{where}: {value} is no number")
    return _expect(kind, value, where)


def _are_numbers(items: Sequence[object]) -> bool:
    return all(type(item) is float and math.isfinite(item) for item in items)


def _decode_dataclass(kind: Any, value: dict[str, Any], where: str) -> Any:  # noqa: ANN401
    fields = _field_types(kind)
    late = {each.name for each in _fields_of(kind) if each.metadata.get(ADDED)}
    unknown, missing = sorted(value.keys() - fields), sorted(fields.keys() - value.keys() - late)
    if unknown or missing:
        raise ValueError(f"{where}: unknown keys {unknown}, missing keys {missing}")
    return kind(
        **{
            key: _decode(fields[key], value[key], f"{where}.{key}")
            for key in fields
            if key in value
        }
    )


def _fields_of(value: Any) -> tuple[dataclasses.Field[Any], ...]:  # noqa: ANN401
    return dataclasses.fields(value)


@functools.cache
def _field_types(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _expect(kind: type, value: Any, where: str) -> Any:  # noqa: ANN401
    if type(value) is not kind:  # not isinstance: a bool is no int here
        raise ValueError(f"{where}: expected {kind.__name__}, got {type(value).__name__}")
    return value
