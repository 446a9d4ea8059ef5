"""Padding that no convolution takes in."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_PADS = ("PAD", "PADV2", "MIRROR_PAD")
_WINDOWS = (
    "CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "TRANSPOSE_CONV",
)  # fmt: skip


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        if node.kind not in _PADS or node.is_taken_in:
            continue
        readers = [each for key in node.outputs for each in graph.readers.get(key, ())]
        if any(each.kind in _WINDOWS for each in readers):
            count = f"{len(readers)} operators read it" if len(readers) > 1 else readers[0].kind
            yield at(node, f"it is computed on its own, for {count}")


RULE = Rule(
    code="unfused-padding",
    title="Padding is computed on its own.",
    claim="slower",
    why="XNNPACK takes a PAD into a convolution that is its only reader; any other copies the map.",
    advice="give each convolution a PAD of its own, or pad as SAME does",
    find=_find,
)
