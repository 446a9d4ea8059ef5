"""Equal constants that the file holds more than once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject
from edgekit.modelfile.facts import Value

_FEWEST_BYTES = 256


def _find(subject: Subject) -> Iterator[Hit]:
    first: dict[bytes, Value] = {}
    for value in subject.graph.values.values():
        if not value.constant or value.data is None or value.data.nbytes < _FEWEST_BYTES:
            continue
        content = value.data.tobytes()
        other = first.setdefault(hashlib.sha256(content).digest(), value)
        if other is not value and other.storage != value.storage:
            yield Hit(value.name, f"{len(content):,} bytes equal those of {other.name}")


RULE = Rule(
    code="stored-twice",
    title="Equal constants are stored more than once.",
    claim="larger",
    why="Each copy is downloaded, and held in memory.",
    advice="let the operators share one constant",
    find=_find,
    formats=("tflite", "onnx"),
)
