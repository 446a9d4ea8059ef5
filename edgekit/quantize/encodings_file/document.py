"""What stands in a file of encodings, before anyone asks whether it fits a network."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

from edgekit.files import documents

SCHEMA, SCHEMA_VERSION = "edgekit.encodings", 1
NEAREST = "nearest"
"""Stands for codes that are the weights rounded to nearest."""


@dataclass(frozen=True)
class Activation:
    """An `Affine`, and the real range that follows from it."""

    scale: float
    zero_point: int
    bits: int
    low: float
    high: float


@dataclass(frozen=True)
class StoredLayer:
    """A `Layer`; its codes are within +-(2^(bits-1) - 1)."""

    bits: int
    axis: int
    scales: tuple[float, ...]
    bias: tuple[float, ...]
    rounded: str


@dataclass(frozen=True)
class Rescaled:
    """A `Rescaling`."""

    outputs: tuple[float, ...]
    inputs: tuple[float, ...]


@dataclass(frozen=True)
class Document:
    """The whole file but for its schema."""

    graph_sha256: str
    activations: dict[str, Activation]
    layers: dict[str, StoredLayer]
    float_nodes: tuple[str, ...]
    rescaled: dict[str, Rescaled]


def to_text(document: Document) -> str:
    """Return the file's text; equal documents give equal texts.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    head = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION}
    return _text({**head, **_fields(document)}) + "\n"


def _fields(value: Any) -> Any:  # noqa: ANN401 -- a document or a part of one
    """Return dataclasses as mappings; long tuples of numbers stay what they are."""
    if dataclasses.is_dataclass(value):
        value = vars(value)
    if isinstance(value, dict):
        return {key: _fields(item) for key, item in value.items()}
    return value


def from_bytes(data: bytes) -> Document:
    """Read a file's content.

    Raises:
        ValueError, OverflowError, RecursionError: it has not the form of a `Document`.
    """
    found = json.loads(
        data.decode("utf-8-sig"), parse_constant=_refuse_constant, object_pairs_hook=_unique
    )
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    schema, version = found.pop("schema", None), found.pop("schema_version", None)
    if schema != SCHEMA or type(version) is not int or version != SCHEMA_VERSION:
        raise ValueError(f"not {SCHEMA} version {SCHEMA_VERSION}, but {schema!r} {version!r}")
    return documents.decode(Document, found)


def _text(value: Any, indent: str = "") -> str:  # noqa: ANN401 -- any JSON
    """Return JSON with sorted keys, whose innermost lists and objects take one line each."""
    if isinstance(value, dict) and any(isinstance(v, (dict, list, tuple)) for v in value.values()):
        deeper = f"{indent}  "
        lines = [f"{deeper}{json.dumps(k)}: {_text(v, deeper)}" for k, v in sorted(value.items())]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key!r} stands there twice")
        result[key] = value
    return result
