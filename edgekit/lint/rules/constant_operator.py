"""Operators whose result is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator

from edgekit.lint.rule import Hit, Rule, Subject, at

_STORED = ("DEQUANTIZE", "DENSIFY", "DequantizeLinear")  # forms of stored weights
_RANDOM = ("RANDOM", "MULTINOMIAL")


def _find(subject: Subject) -> Iterator[Hit]:
    values = subject.graph.values
    for node in subject.graph.nodes:
        given = [values[key] for key in node.inputs if key in values]
        is_fixed = bool(given) and all(each.constant for each in given)
        if is_fixed and node.kind not in _STORED and not node.kind.startswith(_RANDOM):
            yield at(node, "all that it reads is stored in the file")


RULE = Rule(
    code="constant-operator",
    title="An operator reads nothing but constants.",
    claim="slower",
    why="LiteRT computes it anew for every inference.",
    advice="store its result in its place, as `edgekit export` does",
    find=_find,
)
