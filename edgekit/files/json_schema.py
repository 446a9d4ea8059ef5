"""JSON Schemas (draft 2020-12) of documents, derived from the dataclasses that they hold."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from edgekit.files import documents

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema: TypeAlias = dict[str, Any]
Definitions: TypeAlias = dict[type, Schema]
"""The schemas of the dataclasses within a document."""

_PLAIN: Mapping[object, str] = {
    str: "string",
    Path: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    types.NoneType: "null",
}


def of_fields(kind: type, definitions: Definitions) -> dict[str, Schema]:
    """Return the schema of each field of a dataclass.

    Args:
        kind: the dataclass.
        definitions: takes the schemas of the dataclasses within.

    Raises:
        TypeError: a field has a type that no document holds.
    """
    return {name: of_type(hint, definitions) for name, hint in types_of(kind).items()}


def types_of(kind: type, without: Collection[str] = ()) -> dict[str, Any]:
    """Return the type of each field of a dataclass but some, whose types need not be known."""
    hints: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        own = inspect.get_annotations(each)
        kept = {name: hint for name, hint in own.items() if name not in without}
        part = type(each.__name__, (), {"__annotations__": kept, "__module__": each.__module__})
        hints |= typing.get_type_hints(part)
    names = [each.name for each in dataclasses.fields(kind)]
    return {name: hints[name] for name in names if name not in without}


def late_fields(kind: type) -> tuple[str, ...]:
    """Return the fields of a dataclass that older documents do not have."""
    fields = dataclasses.fields(kind)
    return tuple(each.name for each in fields if each.metadata.get(documents.ADDED))


def of_type(kind: Any, definitions: Definitions) -> Schema:  # noqa: ANN401 -- any type
    """Return the schema of a value; see `of_fields`."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is object:
        return {}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [of_type(each, definitions) for each in arguments]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin is tuple and arguments[-1:] != (...,):
        items = [of_type(each, definitions) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "items": False}
    if origin in (tuple, list, frozenset):
        return {"type": "array", "items": of_type(arguments[0], definitions)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": of_type(arguments[1], definitions)}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _defined(kind, definitions)
    raise TypeError(f"no document holds a {kind}")


def closed(properties: Mapping[str, Schema], late: Collection[str] = ()) -> Schema:
    """Return the schema of an object that has these properties and no others, all but ``late``."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in late],
        "additionalProperties": False,
    }


def named(definitions: Definitions) -> dict[str, Schema]:
    """Return definitions by name, as ``$defs`` has them.

    Raises:
        ValueError: two dataclasses have one name.
    """
    found = {kind.__name__: schema for kind, schema in definitions.items()}
    if len(found) != len(definitions):
        names = sorted(kind.__name__ for kind in definitions)
        raise ValueError(f"two dataclasses of one document have one name: {names}")
    return dict(sorted(found.items()))


def _defined(kind: type, definitions: Definitions) -> Schema:
    if kind not in definitions:
        definitions[kind] = {}  # while its fields are looked at
        definitions[kind] = closed(of_fields(kind, definitions), late_fields(kind))
    return {"$ref": f"#/$defs/{kind.__name__}"}
