"""The forms that an integer file of one network may have; see `edgekit.export.forms`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from edgekit.export import Choices, lowering
from edgekit.export.formats import Format
from edgekit.export.forms import passes_parity
from edgekit.export.jobs import QuantizationRecord
from edgekit.quantize.build import build
from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.files import FileSettings, form, to_files
from edgekit.quantize.network import Network
from edgekit.quantize.recipe import Recipe
from edgekit.quantize.samples.reading import CalibrationSamples


@dataclass(frozen=True)
class IntegerForms:
    """Of a quantized file. Time hardly depends on the ranges, so any recipe and samples do.

    Attributes:
        network: to quantize.
        recipe: of the drafts.
        samples: to calibrate with, anew for each form of the quantizable graph.
        settings: what the files are like; one format.
    """

    network: Network
    recipe: Recipe
    samples: CalibrationSamples
    settings: FileSettings

    @property
    def target(self) -> Format:
        """The file's format."""
        return self.settings.target

    @property
    def changes(self) -> tuple[str, ...]:
        """Every single change of the quantizable graph's rules and of the format's own."""
        return tuple(dict.fromkeys((*lowering.INTEGER.changes, *self.target.integer.changes)))

    def data(self, chosen: Choices) -> bytes:
        """Return the file's content; see `Forms`."""
        settings = replace(self.settings, lowering=chosen)
        return form(self.network.source, self._draft(chosen), settings)

    def is_sound(self, chosen: Choices, folder: Path) -> bool:
        """Tell whether the file computes what the simulation of its integers does."""
        settings = replace(self.settings, folder=folder, lowering=chosen, force=True)
        draft = self._draft(chosen)
        return passes_parity(
            lambda: to_files(self.network.source, draft, QuantizationRecord(), settings)
        )

    def _draft(self, chosen: Choices) -> Draft:
        graph = self.network.lowered(chosen).graph
        context = Context(self.samples, self.samples.sets, self.recipe.per_channel, lambda _: None)
        return build(graph, self.recipe, context)
