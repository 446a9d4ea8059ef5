"""Which canonical nodes each node of a lowered graph stands for, and which rules had a hand in it.

`rewrite.apply` reports every rewriting here, so that no rule needs to know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import onnx_ir as ir

from edgekit.export.graph import nodes as g


@dataclass(eq=False)
class Origin:
    """One node of the canonical graph.

    Attributes:
        operator: its operator type.
        label: the name by which the user can find it.
        rules: names of the rules that replaced it or what became of it, in their order.
    """

    operator: str
    label: str
    rules: list[str] = field(default_factory=list)


class Provenance:
    """The origins of a graph's nodes, from before its lowering to after.

    Args:
        model: the canonical graph, about to be lowered in place.
    """

    def __init__(self, model: ir.Model) -> None:
        self._model = model
        self.origins = tuple(Origin(g.qualified(node), g.label(node)) for node in model.graph)
        self._of_node: dict[ir.Node, tuple[Origin, ...]] = {
            node: (origin,) for node, origin in zip(model.graph, self.origins, strict=True)
        }

    def of(self, node: ir.Node) -> tuple[Origin, ...]:
        """Return what ``node`` stands for."""
        return self._of_node[node]

    def record(self, rule: str, node: ir.Node, suppliers: Iterable[ir.Node | None]) -> None:
        """Note that a rule has fired.

        A new node stands for the replaced node of its own name, else for those of its own type,
        else for all replaced nodes for which no other new node stands, and where nothing is
        replaced for the matched one.

        Args:
            rule: its name.
            node: the node that it matched.
            suppliers: the producers of the node's inputs before the rule fired.
        """
        replaced = _unread(suppliers)
        if node.graph is None:
            replaced.append(node)
        new = [each for each in self._model.graph if each not in self._of_node]
        for origin in self._origins(replaced):
            if rule not in origin.rules:
                origin.rules.append(rule)
        unclaimed, rest = list(replaced), []
        for each in new:
            same = [old for old in replaced if old.name and old.name == each.name] or [
                old for old in replaced if g.qualified(old) == g.qualified(each)
            ]
            if same:
                self._of_node[each] = self._origins(same)
                unclaimed = [old for old in unclaimed if old not in same]
            else:
                rest.append(each)
        for each in rest:
            self._of_node[each] = self._origins(unclaimed or replaced or [node])

    def _origins(self, nodes: Iterable[ir.Node]) -> tuple[Origin, ...]:
        return tuple(dict.fromkeys(origin for node in nodes for origin in self._of_node[node]))


def _unread(suppliers: Iterable[ir.Node | None]) -> list[ir.Node]:
    """Return the suppliers, and what supplies only them, whose outputs nobody reads any more."""
    dead: list[ir.Node] = []
    pending = [node for node in suppliers if node is not None]
    while pending:
        node = pending.pop()
        is_read = any(
            value.is_graph_output() or any(use.node not in dead for use in value.uses())
            for value in node.outputs
        )
        if is_read or node in dead:
            continue
        dead.append(node)
        pending += [p for v in node.inputs if v is not None and (p := v.producer()) is not None]
    return dead
