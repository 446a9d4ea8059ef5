"""The forms that a file of one network may have, for whoever measures which is fastest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from edgekit.errors import ParityError
from edgekit.export.files import form, to_files
from edgekit.export.formats import Format
from edgekit.export.rewriting.choices import Choices
from edgekit.export.sources.source import Source


class Forms(Protocol):
    """Every form that optional rules give one file."""

    @property
    def target(self) -> Format:
        """The file's format."""

    @property
    def changes(self) -> tuple[str, ...]:
        """Every single change of the rules, ``+rule`` or ``-rule``."""

    def data(self, chosen: Choices) -> bytes:
        """Return the file's content.

        Raises:
            UnsupportedOperatorError: the network cannot take this form.
        """

    def is_sound(self, chosen: Choices, folder: Path) -> bool:
        """Tell whether the form reproduces what it must; it is written below ``folder``."""


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search for the fastest form of one file.

    Attributes:
        choices: the rules beside the default ones; none where nothing was faster.
        steps: what was measured, in order: each a change, and its time beside the form before.
        precision: what was decided where that was left open; else None.
    """

    choices: Choices
    steps: tuple[Mapping[str, Any], ...]
    precision: str | None = None


Tuner: TypeAlias = Callable[[Sequence[Forms], Callable[[str], None]], Sequence[Tuned]]
"""From the forms of each file, and a function that takes a short line before each step, to the
fastest form of each file."""


@dataclass(frozen=True)
class FloatForms:
    """Of a file whose precision needs no sample data.

    Attributes:
        source: the network.
        target: the format.
        precision: by name; `precisions.AUTO` where it is to be decided.
    """

    source: Source
    target: Format
    precision: str

    @property
    def changes(self) -> tuple[str, ...]:
        """Every single change of the format's rules."""
        return self.target.lowering.changes

    def data(self, chosen: Choices) -> bytes:
        """Return the file's content; see `Forms`."""
        return form(self.source, self.target, self.precision, chosen)

    def is_sound(self, chosen: Choices, folder: Path) -> bool:
        """Tell whether the form passes parity."""
        return passes_parity(
            lambda: to_files(
                self.source,
                [self.target.name],
                folder,
                precision_names=[self.precision],
                choices={self.target.name: chosen},
                force=True,
            )
        )


def passes_parity(write: Callable[[], object]) -> bool:
    """Tell whether what is written reproduces its source."""
    try:
        write()
    except ParityError:
        return False
    return True
