"""Float operators between integers."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_LAYERS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"})


def _find(subject: Subject) -> Iterator[Hit]:
    graph = subject.graph
    for node in graph.nodes:
        if node.kind != "DEQUANTIZE" or graph.value(node, 0) is None:
            continue
        source = graph.values[node.inputs[0]]
        if source.constant or node.inputs[0] in graph.inputs:
            continue
        reached = _until_quantized(subject, node.outputs[0])
        if _LAYERS.intersection(reached):
            kinds = ", ".join(dict.fromkeys(reached))
            yield at(node, f"{kinds} computed in float32 between integers")


def _until_quantized(subject: Subject, key: str) -> list[str]:
    """Return the kinds of the operators from here to a QUANTIZE; none if it never comes."""
    graph, pending, found, seen = subject.graph, [key], dict[int, str](), False
    while pending:
        for node in graph.readers.get(pending.pop(), ()):
            if node.kind == "QUANTIZE":
                seen = True
            elif node.number not in found:
                found[node.number] = node.kind
                pending += node.outputs
    return list(found.values()) if seen else []


RULE = Rule(
    code="float-island",
    title="A layer of an integer network is computed in float32.",
    claim="slower",
    why="Its values are converted to float32 and back, and are four times as large in between; "
    "a convolution costs more so, while an addition alone may cost less.",
    advice="quantize its convolutions too, if the accuracy bears it",
    find=_find,
    is_note=True,
)
