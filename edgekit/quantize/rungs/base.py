"""What a rung of the ladder is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edgekit.export.integer.encodings import Layer
from edgekit.progress import Step
from edgekit.quantize.candidate import Context, Draft, Stop, layer_by_layer

SAMPLES = 16
"""Calibration samples that a rung looks at which goes from layer to layer."""

BEFORE_RANGES, AFTER_ROUNDING = "before ranges", "after rounding"


@dataclass(frozen=True)
class Rung:
    """One measure against the loss of accuracy.

    Attributes:
        name: as users type it.
        purpose: what it does, in a few words, for tables.
        stage: ``BEFORE_RANGES`` for what rescales channels, else ``AFTER_ROUNDING``.
        apply: takes a complete draft and returns a better one.
        at_layer: what it makes of one layer, where it goes from layer to layer; None of others.
        reads_inputs: whether that looks at what the layer is given, and not only at what it gives.
    """

    name: str
    purpose: str
    stage: str
    apply: Callable[[Draft, Context], Draft]
    at_layer: Callable[[Stop], Layer] | None = None
    reads_inputs: bool = True


def walking(
    name: str, purpose: str, at_layer: Callable[[Stop], Layer], *, reads_inputs: bool = True
) -> Rung:
    """Return a rung that goes from layer to layer."""

    def apply(draft: Draft, context: Context) -> Draft:
        return together([rung], draft, context)

    rung = Rung(name, purpose, AFTER_ROUNDING, apply, at_layer, reads_inputs)
    return rung


def together(rungs: Sequence[Rung], draft: Draft, context: Context) -> Draft:
    """Apply rungs that go from layer to layer on one walk: each layer has all of them at once."""
    revisions = [rung.at_layer for rung in rungs if rung.at_layer is not None]
    purpose = purpose_of(rungs)

    def say(done: int, total: int) -> None:
        context.say(Step(purpose, done, total))

    # What a layer gives after one revision, another one finds from what it is given.
    reads_inputs = len(rungs) > 1 or rungs[0].reads_inputs
    samples = context.few(SAMPLES)
    return layer_by_layer(draft, samples, *revisions, say=say, reads_inputs=reads_inputs)


def purpose_of(rungs: Sequence[Rung]) -> str:
    """Return what several rungs do."""
    return ", ".join(rung.purpose for rung in rungs)
