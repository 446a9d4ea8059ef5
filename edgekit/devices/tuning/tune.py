"""Which optional lowering rules make this network fastest, measured where it is to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgekit.devices.settings import MeasureSettings
from edgekit.devices.targets import Target
from edgekit.devices.tuning.beside import Beside, Measure, measure_for
from edgekit.errors import UnsupportedOperatorError
from edgekit.export.forms import Forms, Tuned
from edgekit.export.rewriting import choices
from edgekit.export.rewriting.choices import Choices
from edgekit.files import scratch
from edgekit.progress import Progress, Step, silent


@dataclass(frozen=True)
class _Search:
    forms: Forms
    by: Measure
    folder: Path
    progress: Progress
    steps: list[Mapping[str, Any]] = field(default_factory=list)

    def file(self, chosen: Choices, data: bytes) -> Path:
        """Put one form, not checked yet, where it can be measured."""
        path = self.folder / f"form{chosen.text.replace(',', '')}.{self.forms.target.name}"
        path.write_bytes(data)
        return path

    def measure(self, base: Path, forms: Mapping[str, Path], step: str) -> dict[str, Beside]:
        """Compare forms with the base in one measurement, and note what was found."""
        activity = f"{step} {len(forms)} forms for {self.forms.target.name}"
        found = self.by.beside(
            base,
            forms,
            lambda each: self.progress(replace(each, activity=activity) if each.total else each),
        )
        self.steps.extend(
            {"step": step, "change": change, **each.found} for change, each in found.items()
        )
        return found

    def is_sound(self, chosen: Choices) -> bool:
        """Tell whether a form reproduces its source."""
        return self.forms.is_sound(chosen, self.folder / "checked")


def tune(
    every: Forms,
    settings: MeasureSettings,
    place: Target,
    progress: Progress = silent,
) -> Tuned:
    """Search for the fastest form of a network, one change after another.

    Every change of the optional rules that makes another file is measured beside the form
    so far; the fastest that passes parity is kept if a second measurement of its own finds it
    faster again. That goes on until no change helps. On an emulated processor, fewer instructions
    stand for less time, and need no second look.

    Args:
        every: the forms.
        settings: of each comparison.
        place: where the files run.
        progress: told before each process.

    Raises:
        UnsupportedOperatorError: the writer cannot express the network.
        EdgekitError: as `edgekit.devices.compare`.
    """
    with scratch.folder() as folder:
        search = _Search(every, measure_for(place, settings), folder, progress)
        progress(Step(f"writing the forms for {every.target.name}"))
        chosen = choices.DEFAULT
        data = every.data(chosen)
        base = search.file(chosen, data)
        while forms := _forms(search, chosen, data):
            paths = {
                change: search.file(chosen.with_one(change), forms[change]) for change in forms
            }
            found = search.measure(base, paths, "trying")
            faster = [change for change, each in found.items() if each.is_less]
            sound = [change for change in faster if search.is_sound(chosen.with_one(change))]
            best = min(sound, key=lambda change: found[change].ratio, default=None)
            if best is None:
                break
            if not search.by.is_exact:
                again = search.measure(base, {best: paths[best]}, "confirming")
                if not again[best].is_less:
                    break
            chosen, base, data = chosen.with_one(best), paths[best], forms[best]
        return Tuned(chosen, tuple(search.steps))


def _forms(search: _Search, chosen: Choices, base: bytes) -> dict[str, bytes]:
    """Return the files that one more change makes, each content once, by change."""
    forms: dict[str, bytes] = {}
    done = {f"+{name}" for name in chosen.added} | {f"-{name}" for name in chosen.dropped}
    for change in search.forms.changes:
        if change in done:
            continue
        try:
            data = search.forms.data(chosen.with_one(change))
        except UnsupportedOperatorError:
            continue  # a form that this network cannot take
        if data != base and data not in forms.values():
            forms[change] = data
    return forms
