"""Even out the ranges of channels that share a scale."""

from __future__ import annotations

from dataclasses import replace

from edgekit.quantize.candidate import Context, Draft
from edgekit.quantize.rungs.base import BEFORE_RANGES, Rung
from edgekit.quantize.rungs.equalize import factors


def _apply(draft: Draft, context: Context) -> Draft:
    found = factors.factors(draft.graph, context.samples(), per_channel=context.per_channel)
    return replace(draft, encodings=replace(draft.encodings, rescalings=found))


RUNG = Rung("equalize", "even out channel ranges across layers", BEFORE_RANGES, _apply)
