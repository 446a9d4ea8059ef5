"""Sizes that the file leaves open."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for key in subject.graph.inputs:
        value = subject.graph.values[key]
        # An open batch is read as 1.
        if value.shape is not None and -1 in value.shape[1:]:
            yield Hit(value.name, f"the input's shape is open: {list(value.shape)}")


RULE = Rule(
    code="dynamic-shapes",
    title="An input's size is open.",
    claim="unusable",
    why="Nothing can be planned ahead and no latency holds: `edgekit latency` refuses such a file.",
    advice="export with fixed sizes",
    find=_find,
    formats=("onnx",),
)
