"""A GATHER between operators that the delegate takes."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_KINDS = ("GATHER", "GATHER_ND")


def _find(subject: Subject) -> Iterator[Hit]:
    graph, outside = subject.graph, subject.outside
    for node in graph.nodes:
        if node.kind not in _KINDS or node.kind not in outside:
            continue
        maker = graph.makers.get(node.inputs[0])
        readers = [each for key in node.outputs for each in graph.readers.get(key, ())]
        if maker is None or maker.kind in outside:
            continue
        if any(each.kind not in outside for each in readers):
            yield at(node, "it cuts the delegate's part in two")


RULE = Rule(
    code="gather-splits-delegate",
    title="A GATHER lies between two operators that the delegate takes.",
    claim="slower",
    why="The delegate's part falls into two, and the values between leave it and come back.",
    advice="shuffle channels by RESHAPE and TRANSPOSE, by slices, or in the next weights",
    find=_find,
    asks_runtime=True,
)
