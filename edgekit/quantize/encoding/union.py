"""Union-find that keeps the order of its items."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Union(Generic[T]):
    """Groups of items; each is alone until it is united with others.

    Args:
        items: what there is, in order.
    """

    def __init__(self, items: Sequence[T]) -> None:
        self._parents = {item: item for item in items}

    def unite(self, items: Iterable[T]) -> None:
        """Put some items, and all that are with them, into one group; unknown ones are left out."""
        known = [item for item in items if item in self._parents]
        for other in known[1:]:
            self._parents[self._root(other)] = self._root(known[0])

    def groups(self) -> list[list[T]]:
        """Return the groups, by their first items."""
        members: dict[T, list[T]] = {}
        for item in self._parents:
            members.setdefault(self._root(item), []).append(item)
        return list(members.values())

    def _root(self, item: T) -> T:
        while self._parents[item] != item:
            item = self._parents[item]
        return item
