"""The one way in which edgekit keeps things by name: models, formats, rungs and all others.

The runtimes' own table (`edgekit.runtimes`) is not of this type: that folder travels to devices
with nothing but ``errors.py`` beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from edgekit.errors import UnknownNameError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Entries by name, in the order in which they were added.

    As a mapping it holds the names alone, without aliases; `find` takes what a user types.

    Args:
        kind: what is kept, as the user calls it (``model``, ``range method``).
        entries: entries by name, to begin with.
        aliases: other names, each with the name that it stands for.
        listing: where a user finds all names, as part of a sentence.

    Raises:
        ValueError: a name or alias is given twice, is not lower case, or stands for nothing.
    """

    def __init__(
        self,
        kind: str,
        entries: Iterable[tuple[str, T]] = (),
        *,
        aliases: Mapping[str, str] = MappingProxyType({}),
        listing: str = "see the documentation for all there are",
    ) -> None:
        self._kind, self._listing = kind, listing
        self._entries: dict[str, T] = {}
        self._aliases: dict[str, str] = {}
        for name, entry in entries:
            self.add(name, entry)
        for alias, name in aliases.items():
            self._add_alias(alias, name)

    def add(self, name: str, entry: T, aliases: Iterable[str] = ()) -> None:
        """Add an entry, and other names that mean it.

        Raises:
            ValueError: a name is taken already, or not lower case; nothing is added then.
        """
        aliases = tuple(aliases)
        wanted = (name, *aliases)
        for each in wanted:
            self._check(each)
            if wanted.count(each) > 1:
                raise ValueError(f"the {self._kind} name {each!r} is registered twice")
        self._entries[name] = entry
        for alias in aliases:
            self._add_alias(alias, name)

    def find(self, name: str) -> T:
        """Return the entry of a name or alias, in any case.

        Raises:
            UnknownNameError: nothing is called so; the message has the nearest names.
        """
        return self._entries[self.name_of(name)]

    def name_of(self, name: str) -> str:
        """Return the name that a name or alias, in any case, stands for.

        Raises:
            UnknownNameError: nothing is called so; the message has the nearest names.
        """
        folded = name.casefold()
        found = self._aliases.get(folded, folded)
        if found not in self._entries:
            raise self.unknown(name)
        return found

    def unknown(self, name: str, others: Iterable[str] = ()) -> UnknownNameError:
        """Return the error for a name that nothing has.

        Args:
            name: what was asked for.
            others: what would have been taken as well.
        """
        known = (*self._entries, *self._aliases, *others)
        return UnknownNameError(self._kind, name, known, listing=self._listing)

    @property
    def aliases(self) -> Mapping[str, str]:
        """Every alias with the name that it stands for."""
        return MappingProxyType(self._aliases)

    def knows(self, name: str) -> bool:
        """Tell whether something has this name or alias, in any case."""
        folded = name.casefold()
        return folded in self._entries or folded in self._aliases

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _add_alias(self, alias: str, name: str) -> None:
        self._check(alias)
        if name not in self._entries:
            raise ValueError(f"the alias {alias!r} stands for no {self._kind}: {name!r}")
        self._aliases[alias] = name

    def _check(self, name: str) -> None:
        if name in self._entries or name in self._aliases:
            raise ValueError(f"the {self._kind} name {name!r} is registered twice")
        if name != name.casefold():
            raise ValueError(f"a {self._kind} name is lower case, got {name!r}")
