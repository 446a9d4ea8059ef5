"""Apply an ordered list of rewrite rules to a graph until none of them fires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import onnx_ir as ir
from onnx_ir.passes.common import RemoveUnusedNodesPass

from edgekit.export.rewriting.provenance import Provenance

_MAX_ROUNDS = 200  # far above any real graph; reached only by rules that undo each other


@dataclass(frozen=True)
class Rule:
    """One exact rewrite.

    Attributes:
        name: the name of the file that holds the rule.
        rewrite: looks at one node; changes the graph around it and returns True, or
            leaves everything alone and returns False.
        optional: the writer can do without; the rule is there for speed.
        final: it runs when all others have come to rest, and none of them runs after it: it
            notes on a node what the others would not look for, and would lose.
    """

    name: str
    rewrite: Callable[[ir.Node], bool]
    optional: bool = False
    final: bool = False


@dataclass(frozen=True)
class Menu:
    """The rules of one stage of lowering, and which of them are a matter of speed alone.

    Attributes:
        name: what the stage makes, for messages.
        rules: the default ones, in order.
        alternatives: further rules, whose forms are faster in some networks only.
    """

    name: str
    rules: tuple[Rule, ...]
    alternatives: tuple[Rule, ...] = ()

    @property
    def changes(self) -> tuple[str, ...]:
        """Every single change that may be made: ``+rule`` or ``-rule``."""
        dropped = (f"-{rule.name}" for rule in self.rules if rule.optional)
        return (*(f"+{rule.name}" for rule in self.alternatives), *dropped)


def apply(
    model: ir.Model, rules: Sequence[Rule], provenance: Provenance | None = None
) -> dict[str, int]:
    """Rewrite ``model`` in place and return how often each rule fired.

    Rules run in the given order over all nodes, again and again, until a whole round
    changes nothing; then the final ones do.

    Args:
        model: the graph.
        rules: what to apply.
        provenance: of this graph; if given, it follows every change.

    Raises:
        RuntimeError: if the rules do not come to rest, which is a fault in a rule.
    """
    fired: Counter[str] = Counter()
    for is_final in (False, True):
        _settle(model, [rule for rule in rules if rule.final == is_final], provenance, fired)
    return dict(fired)


def _settle(
    model: ir.Model, rules: Sequence[Rule], provenance: Provenance | None, fired: Counter[str]
) -> None:
    may_hold_unused = True
    for _ in range(_MAX_ROUNDS):
        before = fired.total()
        for rule in rules:
            for node in list(model.graph):
                # An earlier rewrite may have removed this node.
                if node.graph is not model.graph:
                    continue
                known = node.inputs if provenance is not None else ()
                suppliers = [value.producer() for value in known if value is not None]
                if rule.rewrite(node):
                    fired[rule.name] += 1
                    may_hold_unused = True
                    if provenance is not None:
                        provenance.record(rule.name, node, suppliers)
            if may_hold_unused:
                RemoveUnusedNodesPass()(model)
                may_hold_unused = False
        if fired.total() == before:
            return
    raise RuntimeError(f"rewrite rules do not settle: {dict(fired)}")
