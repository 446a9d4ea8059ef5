"""Transposes of computed values."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at


def _find(subject: Subject) -> Iterator[Hit]:
    for node in subject.graph.nodes:
        source = subject.graph.value(node, 0)
        if node.kind.upper() != "TRANSPOSE" or source is None or source.constant:
            continue
        size = "" if source.shape is None else f"{source.elements:,} elements of {source.dtype}"
        yield at(node, f"it moves {size or 'a computed value'}")


RULE = Rule(
    code="transpose",
    title="A computed value is transposed.",
    claim="slower",
    why="Every element is read and written once, and nothing is computed.",
    advice="keep one order of dimensions through the network: NHWC in a .tflite, NCHW in an .onnx",
    find=_find,
    formats=("tflite", "onnx"),
)
