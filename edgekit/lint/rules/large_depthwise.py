"""Depthwise windows with more taps than fast kernels have."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_MOST_TAPS = 25  # of XNNPACK's largest depthwise kernel


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        weights = graph.value(node, 1)
        shape = () if weights is None else weights.shape or ()
        if node.kind != "DEPTHWISE_CONV_2D" or len(shape) != 4:
            continue
        _, height, width, _ = shape
        if height * width > _MOST_TAPS:
            yield at(node, f"its window of {height}x{width} has {height * width} taps")


RULE = Rule(
    code="large-depthwise",
    title="A depthwise convolution has more than 25 taps.",
    claim="slower",
    why="XNNPACK's depthwise kernels have at most 25; a larger window it computes channel by "
    "channel.",
    advice="export with edgekit, which takes such a window apart into small dilated ones",
    find=_find,
)
