"""The one list of documents: complete, published, strict, and true of what is printed."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest

from edgekit.cli import run
from edgekit.cli.schemas import DOCUMENTS, SUFFIX
from edgekit.export import Artifact
from edgekit.files import json_schema
from edgekit.files.documents import Document
from tests.specimens.printed import documents


def test_every_id_in_the_code_is_in_the_list(repository: Path) -> None:
    # Beside them: names of modules, files and a domain, and a key in the metadata of an .onnx.
    others = {
        "edgekit.defined", "edgekit.description", "edgekit.emulation", "edgekit.json",
        "edgekit.lock", "edgekit.toml",
    }  # fmt: skip
    known = {*DOCUMENTS, "edgekit.models", *others}
    modules = {path.name.removesuffix(".py") for path in (repository / "edgekit").iterdir()}
    for path in (repository / "edgekit").rglob("*.py"):
        for name in re.findall(r'"(edgekit\.[a-z_-]+)"', path.read_text(encoding="utf-8")):
            assert name in known or name.removeprefix("edgekit.") in modules, f"{name} in {path}"


def test_every_document_class_is_in_the_list_with_its_version() -> None:
    found = [each for each in Document.__subclasses__() if hasattr(each, "schema")]
    assert Artifact in found
    for kind in found:
        if kind.__module__.startswith("edgekit."):
            assert DOCUMENTS[kind.schema].version == kind.schema_version


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_published_and_valid(name: str) -> None:
    published = documents.published()[f"{name}{SUFFIX}"]
    assert published == json.loads(json.dumps(DOCUMENTS[name].json_schema()))
    jsonschema.Draft202012Validator.check_schema(published)


@dataclass(frozen=True)
class Inner:
    number: float | None
    pair: tuple[int, str]


@dataclass(frozen=True)
class Outer:
    name: Literal["a", "b"]
    inner: tuple[Inner, ...]
    counts: dict[str, int]
    where: Path


GOOD: dict[str, Any] = {
    "name": "a",
    "inner": [{"number": 1, "pair": [1, "x"]}, {"number": None, "pair": [2, "y"]}],
    "counts": {"x": 1},
    "where": "here",
}
BAD: tuple[Callable[[dict[str, Any]], object], ...] = (
    lambda each: each.update(name="c"),
    lambda each: each.update(more=1),
    lambda each: each.pop("where"),
    lambda each: each["counts"].update(y=1.5),
    lambda each: each["inner"].append({"number": 1}),
    lambda each: each["inner"][0].update(pair=[1, 2]),
    lambda each: each["inner"][0].update(pair=[1, "x", 3]),
    lambda each: each["inner"][0].update(number="1"),
)


def test_a_schema_takes_what_the_dataclass_holds_and_nothing_else() -> None:
    definitions: json_schema.Definitions = {}
    schema = json_schema.closed(json_schema.of_fields(Outer, definitions))
    schema["$defs"] = json_schema.named(definitions)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(GOOD)
    for spoil in BAD:
        spoiled = json.loads(json.dumps(GOOD))
        spoil(spoiled)
        assert not validator.is_valid(spoiled), spoiled


def test_a_type_that_no_document_holds_is_an_error() -> None:
    with pytest.raises(TypeError, match="no document holds"):
        json_schema.of_type(complex, {})
    other = dataclasses.make_dataclass("Inner", [("x", int)])
    with pytest.raises(ValueError, match="one name"):
        json_schema.named({Inner: {}, other: {}})


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "micronet*"],
        ["info", "micronet-m0"],
        ["info", "shiftresnet20-e3"],
        ["doctor"],
        ["export", "micronet-m9"],
    ],
    ids=" ".join,
)
def test_what_is_printed_fits(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run([*arguments, "--json"])
    documents.check(json.loads(capsys.readouterr().out))


def test_a_document_that_does_not_fit_is_noticed() -> None:
    with pytest.raises(jsonschema.ValidationError):
        documents.check({"schema": "edgekit.models", "schema_version": 1, "models": [{}]})
    with pytest.raises(jsonschema.ValidationError):
        documents.check({"schema": "edgekit.models", "schema_version": 2, "models": []})
