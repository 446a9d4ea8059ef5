"""The best form of one file on a target: its float16 arithmetic, then its lowering rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgekit.devices.measuring.comparison import COMPARE_SETTINGS
from edgekit.devices.targets import Target
from edgekit.devices.tuning import float16
from edgekit.devices.tuning.beside import measure_for
from edgekit.devices.tuning.tune import tune
from edgekit.export.forms import FloatForms, Forms, Tuned
from edgekit.export.precisions import AUTO, FLOAT16_COMPUTE
from edgekit.export.rewriting import choices
from edgekit.progress import Progress, silent


def best(
    forms: Forms,
    place: Target,
    images: Path | None = None,
    progress: Progress = silent,
    *,
    tunes: bool = True,
) -> Tuned:
    """Return the best form of a file.

    Args:
        forms: of the file.
        place: where it is to run.
        images: to judge float16 arithmetic on; see `edgekit.devices.tuning.float16.decide`.
        progress: told before each step.
        tunes: whether optional rules are tried as well.

    Raises:
        EdgekitError: as `edgekit.devices.tuning.float16.decide` and
            `edgekit.devices.tuning.tune.tune`.
    """
    found = Tuned(choices.DEFAULT, ())
    if isinstance(forms, FloatForms) and forms.precision in (AUTO, FLOAT16_COMPUTE):
        found = float16.decide(forms, measure_for(place, COMPARE_SETTINGS), place, images, progress)
        forms = replace(forms, precision=found.precision or forms.precision)
    if not tunes:
        return found
    tuned = tune(forms, COMPARE_SETTINGS, place, progress)
    return replace(tuned, steps=(*found.steps, *tuned.steps), precision=found.precision)
