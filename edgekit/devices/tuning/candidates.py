"""The forms that a file of one network may have: what `tune` chooses among."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from edgekit import export, quantize
from edgekit.errors import ParityError
from edgekit.export import Choices, Source, lowering
from edgekit.export.formats import Format
from edgekit.quantize import Context, Draft, Recipe, Request, Samples, Subject


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
class FloatForms:
    """Of a file whose precision needs no sample data.

    Attributes:
        source: the network.
        target: the format.
        precision: by name.
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
        return export.form(self.source, self.target, self.precision, chosen)

    def is_sound(self, chosen: Choices, folder: Path) -> bool:
        """Tell whether the form passes parity."""
        return _passes(
            lambda: export.to_files(
                self.source,
                [self.target.name],
                folder,
                precision_names=[self.precision],
                choices={self.target.name: chosen},
                force=True,
            )
        )


@dataclass(frozen=True)
class IntegerForms:
    """Of a quantized file. Time hardly depends on the ranges, so any recipe and samples do.

    Attributes:
        subject: the network.
        recipe: of the drafts.
        samples: to calibrate with, anew for each form of the quantizable graph.
        request: what the files are like; one format.
    """

    subject: Subject
    recipe: Recipe
    samples: Samples
    request: Request

    @property
    def target(self) -> Format:
        """The file's format."""
        return self.request.target

    @property
    def changes(self) -> tuple[str, ...]:
        """Every single change of the quantizable graph's rules and of the format's own."""
        return tuple(dict.fromkeys((*lowering.INTEGER.changes, *self.target.integer.changes)))

    def data(self, chosen: Choices) -> bytes:
        """Return the file's content; see `Forms`."""
        request = replace(self.request, lowering=chosen)
        return quantize.form(self.subject.source, self._draft(chosen), request)

    def is_sound(self, chosen: Choices, folder: Path) -> bool:
        """Tell whether the file computes what the simulation of its integers does."""
        request = replace(self.request, folder=folder, lowering=chosen, force=True)
        draft = self._draft(chosen)
        return _passes(
            lambda: quantize.to_files(self.subject.source, draft, export.Origin(), request)
        )

    def _draft(self, chosen: Choices) -> Draft:
        graph = self.subject.lowered(chosen).graph
        context = Context(self.samples, self.samples.sets, self.recipe.per_channel, lambda _: None)
        return quantize.build(graph, self.recipe, context)


def _passes(write: Callable[[], object]) -> bool:
    try:
        write()
    except ParityError:
        return False
    return True
