"""Files that say nothing of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject


def _find(subject: Subject) -> Iterator[Hit]:
    if not subject.graph.describes_itself:
        yield Hit("metadata", "the file holds neither normalization nor class names")


RULE = Rule(
    code="missing-metadata",
    title="The file does not say how to feed it.",
    claim="unusable",
    why="MediaPipe refuses a float image classifier without normalization, and every app has to "
    "repeat it by hand.",
    advice="`edgekit bundle` writes it",
    find=_find,
    formats=("tflite", "onnx"),
    is_note=True,
)
