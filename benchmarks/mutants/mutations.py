"""Which conditions of a module can be dropped, and the module without one of them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A module without one condition.

    Attributes:
        line: of the condition.
        words: the condition.
        tree: the whole module.
    """

    line: int
    words: str
    tree: ast.Module


def of(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module.

    A condition that stops (``if C: return``) is never true, one operand of ``and`` is always
    true, and one of ``or`` never. A comparison with None stays: the type checker asks for it.
    """
    tree = ast.parse(source)
    count = sum(1 for _ in _places(tree))
    for number in range(count):
        mutated = copy.deepcopy(tree)
        place = list(_places(mutated))[number]
        line, words = place.line, place.words
        place.drop()
        yield Mutant(line, words, ast.fix_missing_locations(mutated))


@dataclass(frozen=True)
class _Place:
    node: ast.If | ast.BoolOp
    index: int | None  # of the operand, for BoolOp

    @property
    def _condition(self) -> ast.expr:
        if isinstance(self.node, ast.If):
            return self.node.test
        return self.node.values[self.index or 0]

    @property
    def line(self) -> int:
        return self._condition.lineno

    @property
    def words(self) -> str:
        return ast.unparse(self._condition)

    def drop(self) -> None:
        if isinstance(self.node, ast.If):
            self.node.test = ast.Constant(False)
        else:
            neutral = isinstance(self.node.op, ast.And)
            self.node.values[self.index or 0] = ast.Constant(neutral)


def _places(tree: ast.Module) -> Iterator[_Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp):
            if _names_a_default(node):
                continue
            for index, operand in enumerate(node.values):
                if not _is_about_none(operand):
                    yield _Place(node, index)
        elif (
            isinstance(node, ast.If)
            and _stops(node)
            and not (isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or))
            and not _is_about_none(node.test)
        ):
            yield _Place(node, None)


def _names_a_default(operation: ast.BoolOp) -> bool:
    """Tell whether it is ``value or default``: no condition."""
    last = operation.values[-1]
    return isinstance(last, ast.Constant | ast.Dict | ast.Tuple)


def _is_about_none(condition: ast.expr) -> bool:
    return isinstance(condition, ast.Compare) and any(
        isinstance(each, ast.Constant) and each.value is None for each in condition.comparators
    )


def _stops(node: ast.If) -> bool:
    return any(isinstance(each, ast.Return | ast.Continue) for each in node.body)
