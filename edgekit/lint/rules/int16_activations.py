"""Layers on 16-bit activations."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "BATCH_MATMUL")


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        given = [graph.values[key] for key in node.inputs if key in graph.values]
        if node.kind in _LAYERS and any(v.dtype == "int16" and not v.constant for v in given):
            yield at(node, "its activations are int16")


RULE = Rule(
    code="int16-activations",
    title="A layer computes on 16-bit activations.",
    claim="slower",
    why="XNNPACK has no such kernels, so a CPU runs it outside the delegate; it is for NPUs.",
    advice="quantize to int8, or keep float32, for a CPU",
    find=_find,
)
