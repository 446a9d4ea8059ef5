"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from edgekit.modelfile.facts import GraphFacts, Node
from edgekit.runtimes import ModelInfo

Claim = Literal["slower", "less exact", "larger", "unusable"]


@dataclass(frozen=True, eq=False)
class Subject:
    """A file as rules see it.

    Attributes:
        graph: read from the file.
        account: the runtime's own account of it; None if nobody asked it.
    """

    graph: GraphFacts
    account: ModelInfo | None

    @property
    def outside(self) -> frozenset[str]:
        """Operator types that the delegate leaves to the runtime's own kernels."""
        return frozenset(() if self.account is None else self.account.operators_outside)


@dataclass(frozen=True)
class Hit:
    """One place that a rule finds.

    Attributes:
        where: the operator or tensor.
        message: what is there, in one line with its figures.
    """

    where: str
    message: str


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        code: its stable name.
        title: what it looks for, one sentence.
        claim: what such a place costs.
        why: how it costs that.
        advice: what to do about it.
        find: yields every place.
        formats: of files that it looks at.
        asks_runtime: it needs the runtime's account.
        is_note: something to know that may well be wanted; it lets no check fail.
    """

    code: str
    title: str
    claim: Claim
    why: str
    advice: str
    find: Callable[[Subject], Iterator[Hit]]
    formats: tuple[str, ...] = ("tflite",)
    asks_runtime: bool = False
    is_note: bool = False


def at(node: Node, message: str) -> Hit:
    """Return a hit at an operator."""
    return Hit(node.name, f"{node.kind} (operator {node.number}): {message}")
