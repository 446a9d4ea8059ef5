"""Activations that the operator before them could compute."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
_FUSING = (
    "ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "DIV", "FULLY_CONNECTED",
    "MAX_POOL_2D", "MUL", "SUB",
)  # fmt: skip


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        maker = graph.makers.get(node.inputs[0]) if node.inputs else None
        if node.kind not in _ACTIVATIONS or maker is None or maker.kind not in _FUSING:
            continue
        is_free = not maker.options.get("fusedActivationFunction", 0)
        if is_free and graph.only_reader(node.inputs[0]) is node:
            yield at(node, f"the {maker.kind} before it has room for it")


RULE = Rule(
    code="unfused-activation",
    title="An activation stands alone behind an operator that could compute it.",
    claim="slower",
    why="LiteRT's own kernels then go over the map twice; XNNPACK joins the two by itself.",
    advice="set the fused activation of the operator before it",
    find=_find,
)
