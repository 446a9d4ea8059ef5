"""The published JSON Schemas, to hold documents against."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import referencing

FOLDER = Path(__file__).parents[3] / "docs" / "schemas"


def check(document: dict[str, Any]) -> None:
    """Fail unless the document fits the schema that it names."""
    _validator(document["schema"]).validate(document)


@cache
def published() -> dict[str, dict[str, Any]]:
    """Every schema by its file's name."""
    return {
        path.name: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("*.json"))
    }


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    resources = [
        (name, referencing.Resource.from_contents(each)) for name, each in published().items()
    ]
    registry = referencing.Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(published()[f"{schema}.schema.json"], registry=registry)
