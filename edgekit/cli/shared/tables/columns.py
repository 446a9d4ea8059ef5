"""What a table's columns hold, and so what a narrow terminal may do to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What stands in a column's cells."""

    FIGURE = "numbers with units: never cut, never folded"
    WORD = "a few words: never cut, never folded"
    NAME = "names of files, networks and operators: shortened in the middle if they must be"
    PROSE = "sentences and lists: folded between words"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        title: its heading.
        kind: what it holds.
        spare: 0 is always shown; of the others, the highest is left out first where all are too
            wide for a terminal.
    """

    title: str
    kind: Kind = Kind.WORD
    spare: int = 0

    @property
    def is_right(self) -> bool:
        """Whether its cells are right-aligned."""
        return self.kind is Kind.FIGURE


def figure(title: str, spare: int = 0) -> Column:
    """Return a column of numbers with units."""
    return Column(title, Kind.FIGURE, spare)


def word(title: str, spare: int = 0) -> Column:
    """Return a column of a few words each."""
    return Column(title, Kind.WORD, spare)


def name(title: str, spare: int = 0) -> Column:
    """Return a column of names."""
    return Column(title, Kind.NAME, spare)


def prose(title: str, spare: int = 0) -> Column:
    """Return a column of sentences or lists."""
    return Column(title, Kind.PROSE, spare)


FACTS = (word(""), prose(""))
"""The columns of a table of facts: what, and its value."""


def resolved(columns: Sequence[Column | str]) -> tuple[Column, ...]:
    """Return columns; a bare title is one of words, or of figures if it ends in ``>``."""
    return tuple(
        each
        if isinstance(each, Column)
        else figure(each.removesuffix(">"))
        if each.endswith(">")
        else word(each)
        for each in columns
    )
