"""Operators that XNNPACK leaves to LiteRT's own kernels."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject


def _find(subject: Subject) -> Iterator[Hit]:
    for kind in sorted(subject.outside):
        found = [node for node in subject.graph.nodes if node.kind == kind]
        names = ", ".join(node.name for node in found[:3]) + ", ..." * (len(found) > 3)
        pieces = subject.account.partitions if subject.account else None
        yield Hit(
            names,
            f"{len(found)} {kind} run outside the delegate, in a graph of {pieces} partitions",
        )


RULE = Rule(
    code="outside-delegate",
    title="Operators run outside the delegate.",
    claim="slower",
    why="LiteRT's own kernels are slower than XNNPACK's, and each border between the two copies.",
    advice="replace the operator by one that XNNPACK takes, or move it to an end of the network",
    find=_find,
    asks_runtime=True,
)
