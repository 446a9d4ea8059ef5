"""Weights in float16 that the runtime widens."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    found = [
        value for value in graph.values.values() if value.constant and value.dtype == "float16"
    ]
    if found:
        stored = 2 * sum(value.elements for value in found)
        yield Hit(
            found[0].name,
            f"{len(found)} float16 constants, {stored:,} bytes, which become float32 when the "
            "file is loaded",
        )


RULE = Rule(
    code="float16-constants",
    title="Weights are stored in float16.",
    claim="slower",
    why="The file is half as large; a CPU computes in float32 all the same, and loading it takes "
    "longer, as the weights are widened.",
    advice="take it for the download, not for speed or memory",
    find=_find,
    is_note=True,
)
